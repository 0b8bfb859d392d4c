import { refusal } from './refusal.ts';

/** One condition of a filter; all of them must hold. */
export interface Condition {
  /** `name` and the like, or the key of a tag. */
  readonly key: string;
  readonly isTag: boolean;
  readonly comparator: Comparator;
  /** A list for IN and NOT IN. */
  readonly value: string | number | readonly string[];
}

const TEXT_COMPARATORS = ['=', '!=', 'LIKE', 'ILIKE'] as const;
const NUMBER_COMPARATORS = ['=', '!=', '<', '<=', '>', '>='] as const;
const LIST_COMPARATORS = ['IN', 'NOT IN'] as const;
export type Comparator =
  (typeof TEXT_COMPARATORS)[number] | (typeof NUMBER_COMPARATORS)[number] | (typeof LIST_COMPARATORS)[number];

/** What can be asked of an attribute. */
type AttributeKind = 'text' | 'listed' | 'number';
export type Attributes = Readonly<Record<string, AttributeKind>>;

export const MODEL_ATTRIBUTES: Attributes = { name: 'listed' };
export const VERSION_ATTRIBUTES: Attributes = {
  name: 'listed',
  version_number: 'number',
  run_id: 'listed',
  source_path: 'text',
};

/** The tag that tells prompts from models: searches leave prompts out, unless they ask for them. */
export const PROMPT_TAG = 'mlflow.prompt.is_prompt';

const LONGEST = 100_000;
/** Largest ordinal that the database can hold. */
const MOST = 2_147_483_647;

const KEY = /\s*((?:[A-Za-z_][\w]*)(?:\.(?:`[^`]*`|"[^"]*"|[\p{L}\p{N}_./-]+))?|`[^`]*`|"[^"]*")/uy;
const COMPARATOR = /\s*(<=|>=|!=|<>|=|<|>|NOT\s+IN\b|IN\b|I?LIKE\b)/iy;
/** In a list, a text ends at a quote that no other follows: a row of quotes is read in one way alone, and in no time. */
const VALUE =
  /\s*('(?:[^']|'')*'|"(?:[^"]|"")*"|-?\d+(?:\.\d+)?|\((?:'(?:[^']|'')*'(?!')|"(?:[^"]|"")*"(?!")|[^)'"])*\))/y;
/** A quote ends a value: what comes behind needs no blank. */
const AND = /\s*AND\b/iy;
const LISTED = /\s*'((?:[^']|'')*)'\s*(,|$)|\s*"((?:[^"]|"")*)"\s*(,|$)/y;

/**
 * Reads a filter: `name = 'a' AND tags.k LIKE 'b%'`. Empty: no condition.
 *
 * @throws MLFLOW_REFUSED (INVALID_PARAMETER_VALUE) naming what was not understood
 */
export function parseFilter(text: string, attributes: Attributes): Condition[] {
  if (text.trim() === '') return [];
  if (text.length > LONGEST) throw invalid(`it has ${text.length} characters, wanted at most ${LONGEST}`);
  const reader = createReader(text);
  const conditions: Condition[] = [];
  do {
    const subject = parseKey(reader.take(KEY, 'an attribute or a tag'), attributes);
    const comparator = parseComparator(reader.take(COMPARATOR, 'a comparator'));
    conditions.push(completeCondition(subject, comparator, reader.take(VALUE, 'a value')));
  } while (reader.isThere(AND));
  reader.end();
  return conditions;
}

function createReader(text: string) {
  let at = 0;
  const match = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found === null) return null;
    at = pattern.lastIndex;
    return found[1] ?? found[0];
  };
  return {
    take(pattern: RegExp, wanted: string): string {
      const found = match(pattern);
      if (found === null) throw invalid(`wanted ${wanted} at ${JSON.stringify(text.slice(at, at + 40))}`);
      return found;
    },
    isThere: (pattern: RegExp): boolean => match(pattern) !== null,
    end(): void {
      const rest = text.slice(at).trim();
      if (rest !== '' && rest !== ';') throw invalid(`Invalid clause(s) in filter string: ${rest.slice(0, 40)}`);
    },
  };
}

interface Subject {
  readonly key: string;
  readonly kind: AttributeKind | 'tag';
}

function parseKey(text: string, attributes: Attributes): Subject {
  const dot = /^[`"]/.test(text) ? -1 : text.indexOf('.');
  const entity = dot < 0 ? 'attribute' : text.slice(0, dot);
  const key = text.slice(dot + 1).replace(/^[`"](.*)[`"]$/s, '$1');
  if (entity === 'tag' || entity === 'tags') return { key, kind: 'tag' };
  if (entity !== 'attribute' && entity !== 'attributes') throw invalid(`Invalid entity type '${entity}'`);
  const kind = Object.hasOwn(attributes, key) ? attributes[key] : undefined;
  if (kind !== undefined) return { key, kind };
  const valid = Object.keys(attributes).join(', ');
  throw invalid(`Invalid attribute key '${key}' specified. Valid keys are ${valid}`);
}

function parseComparator(text: string): Comparator {
  const upper = text.toUpperCase().replace(/\s+/, ' ');
  return (upper === '<>' ? '!=' : upper) as Comparator;
}

const ALLOWED: Readonly<Record<Subject['kind'], readonly Comparator[]>> = {
  text: TEXT_COMPARATORS,
  tag: TEXT_COMPARATORS,
  listed: [...TEXT_COMPARATORS, ...LIST_COMPARATORS],
  number: NUMBER_COMPARATORS,
};

function completeCondition({ key, kind }: Subject, comparator: Comparator, value: string): Condition {
  if (!ALLOWED[kind].includes(comparator)) throw invalid(`Invalid comparator for ${kind} ${key}: ${comparator}`);
  const condition = { key, isTag: kind === 'tag', comparator };
  if (kind === 'number') return { ...condition, value: parseNumber(key, value) };
  if (comparator === 'IN' || comparator === 'NOT IN') return { ...condition, value: parseList(value) };
  if (!/^['"]/.test(value)) throw invalid(`Expected a quoted string value for ${key}. Got value ${value}`);
  return { ...condition, value: unquote(value) };
}

function parseNumber(key: string, value: string): number {
  const number = Number(value.replace(/^['"](.*)['"]$/, '$1'));
  if (!Number.isInteger(number)) throw invalid(`Invalid value for numeric attribute '${key}': ${value}`);
  // Beyond these there is no version to compare with.
  return Math.max(-1, Math.min(MOST, number));
}

function parseList(value: string): string[] {
  const inner = value.startsWith('(') ? value.slice(1, -1) : '';
  const values: string[] = [];
  LISTED.lastIndex = 0;
  for (let at = 0; at < inner.length; at = LISTED.lastIndex) {
    const [, single, , double] = LISTED.exec(inner) ?? [];
    // The pattern begins anew where it found nothing.
    if (single === undefined && double === undefined) break;
    values.push(single?.replaceAll("''", "'") ?? double?.replaceAll('""', '"') ?? '');
    if (LISTED.lastIndex === inner.length) return values;
  }
  throw invalid(`Expected a list of quoted string values. Got value ${value}`);
}

function unquote(value: string): string {
  const quote = value.charAt(0);
  return value.slice(1, -1).replaceAll(quote + quote, quote);
}

function invalid(problem: string): Error {
  return refusal('INVALID_PARAMETER_VALUE', `Invalid filter: ${problem}`);
}
