import type { EventCategory } from './event-draft.ts';

/** What a reference leads to: an event of the ledger, or a version that has an artifact. */
export interface Referenced {
  /** Names of what it is about, as resources: `model/rag_api/2.1.0`. */
  readonly resources: readonly string[];
  /** Null for an artifact. */
  readonly event: { readonly type: string; readonly category: EventCategory } | null;
}

/** Names of what is claimed by whatever they are set to, but false; and words by which a check is known to be one of that. */
const CLAIMS = [
  { begins: 'explain', words: ['explain', 'explan'] },
  { begins: 'consent', words: ['consent'] },
] as const;

/** What says yes, however it is written. */
const YES = /^\s*(?:true|t|yes|y|on|ok|1)\s*$/i;

/** Kinds of events that show something of what they are about. Readings, refusals and alarms show nothing. */
const SHOWING: readonly EventCategory[] = [
  'model_registration',
  'model_promotion',
  'model_deployment',
  'data_modification',
  'compliance_check',
];

/** Whether something claims that a thing is so: a known claim but for `false`, any other name that says yes, or that evidence is given for. */
export function isClaim(name: string, value: string | number | boolean, hasEvidence: boolean): boolean {
  if (value === false) return false;
  return (
    value === true || hasEvidence || knownClaim(name) !== undefined || (typeof value === 'string' && YES.test(value))
  );
}

/**
 * Whether what a reference leads to shows a claim about a resource: it is about that resource, or it is a check of what is claimed. What a
 * program recorded itself shows something when it is a check.
 */
export function showsClaim({ event, resources }: Referenced, claim: string, resource: string): boolean {
  const isAbout = resources.some((one) => nameOf(one) === nameOf(resource));
  if (event === null) return isAbout;
  const { category, type } = event;
  const isCheck = category === 'compliance_check';
  if (!SHOWING.includes(category) || type.endsWith('-refused') || (type.startsWith('recorded.') && !isCheck))
    return false;
  return isAbout || (isCheck && wordsOf(claim).some((word) => fold(type).includes(word)));
}

function knownClaim(name: string): (typeof CLAIMS)[number] | undefined {
  return CLAIMS.find(({ begins }) => fold(name).startsWith(begins));
}

function wordsOf(claim: string): readonly string[] {
  return knownClaim(claim)?.words ?? [fold(claim)];
}

function fold(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/** What a resource means, however it is written: `rag-api-v2.1.0`, `rag_api@2.1.0` and `model/rag_api/2.1.0/stage/...` are the same. */
function nameOf(resource: string): string {
  const [noun, first = '', second] = resource.split('/');
  const plain =
    noun === 'model' ? (second === undefined ? first : `${first}@${second}`) : hasEnvironment(noun) ? second : null;
  return (plain ?? resource)
    .toLowerCase()
    .replaceAll(/[^a-z0-9.+]+/g, '-')
    .replaceAll(/-v(?=\d)/g, '-');
}

function hasEnvironment(noun: string | undefined): boolean {
  return noun === 'rollout' || noun === 'traffic';
}
