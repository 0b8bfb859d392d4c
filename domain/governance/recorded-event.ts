import { ownValue } from '../own-value.ts';
import { objectOf } from '../json-object.ts';
import { isKeepable } from '../keepable-text.ts';
import { hasMailAddress } from '../mail-address.ts';
import { isClaim, showsClaim, type Referenced } from './claims.ts';
import { separateTexts } from './sealed-texts.ts';
import { EVENT_CATEGORIES, type EventActor, type EventCategory, type EventDraft, type Json } from './event-draft.ts';

/** Frameworks that an event can be evidence for. */
export const FRAMEWORKS = ['gdpr', 'hipaa', 'iso27001', 'soc2'] as const;
export type Framework = (typeof FRAMEWORKS)[number];

/** Reads names of frameworks, separated by commas; null when one of them is none, or there is none. */
export function parseFrameworks(text: string): readonly Framework[] | null {
  const names = text.split(',').map((name) => name.trim().toLowerCase());
  const known = FRAMEWORKS.filter((one) => names.includes(one));
  return known.length > 0 && names.every((name) => known.some((one) => one === name)) ? known : null;
}

/** Something that a program did elsewhere, and wants in the ledger. */
export interface RecordedEvent {
  readonly category: EventCategory;
  /** What was or will be done, as a code: `deploy_production`. */
  readonly action: string;
  readonly resource: string;
  readonly frameworks: readonly Framework[];
  /** Codes, numbers, and claims: `explainable: true`. Texts are sealed. */
  readonly metadata: Readonly<Record<string, string | number | boolean>>;
  /** What shows a claim, by its name: `sha256:<digest>` of a registered artifact, or `ledger:<sequence>`. */
  readonly evidence: Readonly<Record<string, string>>;
  /** Whether it needs an approval, whatever shows its claims. */
  readonly approvalRequired: boolean;
}

const ACTION = /^[a-z][a-z0-9_.-]{0,99}$/;
const RESOURCE = /^[\w./:@-]{1,200}$/;
const NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,99}$/;
const LONGEST_TEXT = 2000;
/** An event has 65,535 bytes, of which a character takes four; what cannot be written once people have approved it is not asked for. */
const MOST_IN_EVENT = 12_000;
const REFERENCE = /^(sha256:[0-9a-f]{64}|ledger:\d{1,15})$/;

/** Whether something may be recorded by the name of this action. */
export function isRecordable(action: string): boolean {
  return ACTION.test(action);
}

/** Reads what somebody wants recorded, of whatever shape it is; null when it has not that of an event. */
export function parseRecording(given: unknown): RecordedEvent | null {
  const { action, approvalRequired, category, evidence, frameworks, metadata, resource } = objectOf(given);
  const isEvent =
    [action, category, resource].every((text) => typeof text === 'string') &&
    typeof approvalRequired === 'boolean' &&
    Array.isArray(frameworks) &&
    Object.values(objectOf(metadata)).every((value) => ['string', 'number', 'boolean'].includes(typeof value)) &&
    Object.values(objectOf(evidence)).every((value) => typeof value === 'string');
  if (!isEvent) return null;
  const read = { action, approvalRequired, category, evidence: objectOf(evidence), frameworks };
  return { ...read, metadata: objectOf(metadata), resource } as unknown as RecordedEvent;
}

/** Says in words what keeps something from being recorded; null when nothing does. What is in the log cannot be taken back. */
export function problemOfRecording(given: RecordedEvent): string | null {
  const { action, category, evidence, frameworks, metadata, resource } = given;
  if (!EVENT_CATEGORIES.includes(category))
    return `its category is ${category}, wanted one of ${EVENT_CATEGORIES.join(', ')}`;
  if (!isRecordable(action)) return `its action is ${JSON.stringify(action)}, wanted a code like deploy_production`;
  if (!RESOURCE.test(resource) || hasMailAddress(resource))
    return `its resource is ${JSON.stringify(resource)}, wanted a name like model/rag_api/2.1.0`;
  const unknown = frameworks.find((one) => !FRAMEWORKS.includes(one));
  if (unknown !== undefined) return `its framework is ${unknown}, wanted one of ${FRAMEWORKS.join(', ')}`;
  const entry = Object.entries(metadata).find(([name, value]) => !NAME.test(name) || !isValue(value));
  if (entry !== undefined)
    return `its metadata ${JSON.stringify(entry[0])} is no number, boolean or text of ${LONGEST_TEXT} characters at most`;
  const reference = Object.entries(evidence).find(([name, value]) => !NAME.test(name) || !REFERENCE.test(value));
  if (reference !== undefined)
    return `its evidence for ${JSON.stringify(reference[0])} is ${JSON.stringify(reference[1])}, wanted sha256:<digest> or ledger:<sequence>`;
  const { facts, texts } = separateTexts(metadata);
  const { length } = JSON.stringify([facts, Object.keys(texts), evidence]);
  return length <= MOST_IN_EVENT
    ? null
    : `its metadata and evidence are ${length} characters beside what is sealed, wanted ${MOST_IN_EVENT} at most`;
}

/** Claims that nothing shows: a mere value says that something is so, not why. `found` is what the references lead to. */
export function unshownClaims(
  { evidence, metadata, resource }: RecordedEvent,
  found: ReadonlyMap<string, readonly Referenced[]>,
): string[] {
  return Object.entries(metadata)
    .filter(([name, value]) => {
      const reference = ownValue(evidence, name);
      if (!isClaim(name, value, reference !== undefined)) return false;
      return !(found.get(reference ?? '') ?? []).some((one) => showsClaim(one, name, resource));
    })
    .map(([name]) => name)
    .sort();
}

/** The event as evidence for what it names and for what the installation is held to. */
export function withFrameworks(event: RecordedEvent, configured: readonly Framework[]): RecordedEvent {
  return {
    ...event,
    frameworks: FRAMEWORKS.filter((one) => event.frameworks.includes(one) || configured.includes(one)),
  };
}

/** The event as it is recorded: by whom, and for something that pended, by whose approval. */
export function draftOfRecording(
  { action, category, evidence, frameworks, metadata, resource }: RecordedEvent,
  more: {
    readonly unshown: readonly string[];
    readonly approvalId: string | null;
    readonly approvers: readonly string[];
  },
  actor: EventActor,
): EventDraft {
  const { facts, texts } = separateTexts(metadata);
  const sealed = Object.keys(texts).sort();
  return {
    type: `recorded.${action}`,
    category,
    actor,
    resource,
    risk: more.unshown.length > 0 ? 'high' : 'medium',
    frameworks: [...frameworks].sort(),
    facts: {
      metadata: facts,
      ...(sealed.length === 0 ? {} : { sealed }),
      evidence: { ...evidence },
      // Claims that an approver let pass without.
      unshown: [...more.unshown],
      approval: more.approvalId,
      approvers: [...more.approvers],
    },
    ...(sealed.length === 0 ? {} : { payload: { metadata: texts }, subject: actor.id }),
  };
}

/** The texts of an event that pends: who asked for it may be erased meanwhile, and an approval keeps what it is shown. */
export function draftOfTexts({ metadata, resource }: RecordedEvent, actor: EventActor): EventDraft {
  const { texts } = separateTexts(metadata);
  return {
    type: 'recorded.texts-sealed',
    category: 'data_modification',
    actor,
    resource,
    risk: 'low',
    facts: { sealed: Object.keys(texts).sort() },
    payload: { metadata: texts },
    subject: actor.id,
  };
}

/** Whether something of it is sealed. */
export function hasTexts({ metadata }: RecordedEvent): boolean {
  return Object.keys(separateTexts(metadata).texts).length > 0;
}

/** The event with the place in the ledger where its texts are sealed, instead of the texts. */
export function withTextsAt(event: RecordedEvent, sequence: number): RecordedEvent {
  const { facts, texts } = separateTexts(event.metadata);
  const places = Object.keys(texts).map((name) => [name, `ledger:${sequence}`]);
  return { ...event, metadata: { ...facts, ...(Object.fromEntries(places) as Record<string, string>) } };
}

/** The same as JSON, as an approval keeps it. */
export function jsonOfRecording(event: RecordedEvent, unshown: readonly string[]): { readonly [name: string]: Json } {
  const { action, approvalRequired, category, evidence, frameworks, metadata, resource } = event;
  return {
    action,
    category,
    resource,
    frameworks: [...frameworks],
    metadata: { ...metadata },
    evidence: { ...evidence },
    approvalRequired,
    unshown: [...unshown],
  };
}

function isValue(value: string | number | boolean): boolean {
  if (typeof value === 'string') return value.length <= LONGEST_TEXT && isKeepable(value);
  return typeof value === 'boolean' || Number.isFinite(value);
}
