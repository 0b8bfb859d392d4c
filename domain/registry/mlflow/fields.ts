import { isKeepable } from '../../keepable-text.ts';
import { MODEL_NAME, WANTED_MODEL_NAME } from '../../model-name.ts';
import { tagProblem } from '../registration.ts';
import { refusal } from './refusal.ts';

/** What a call was sent: of a query string, every value is a text. */
export type Fields = Readonly<Record<string, unknown>>;

const LONGEST_TEXT = 100_000;
const MOST_ORDINAL = 2_147_483_647;

/** A text; '' when there is none. @throws MLFLOW_REFUSED */
export function textOf(fields: Fields, name: string): string {
  const value = fields[name] ?? '';
  const isText = typeof value === 'string' && value.length <= LONGEST_TEXT && isKeepable(value);
  if (isText) return value;
  throw invalid(`Invalid value for parameter '${name}': wanted a text of at most ${LONGEST_TEXT} characters`);
}

/** A text that must be there. @throws MLFLOW_REFUSED */
export function requireText(fields: Fields, name: string): string {
  const value = textOf(fields, name);
  if (value !== '') return value;
  throw invalid(`Missing value for required parameter '${name}'.`);
}

/** A name that a new model may have. @throws MLFLOW_REFUSED */
export function requireNewName(fields: Fields, name: string): string {
  const value = requireText(fields, name);
  if (MODEL_NAME.test(value)) return value;
  throw invalid(`Invalid model name '${value}'. Wanted ${WANTED_MODEL_NAME}`);
}

/** Ordinal of a version. @throws MLFLOW_REFUSED */
export function requireOrdinal(fields: Fields): number {
  const given = fields['version'];
  const value = typeof given === 'number' ? String(given) : requireText(fields, 'version');
  if (!/^[+-]?\d+$/.test(value)) throw invalid(`Parameter 'version' must be an integer, got '${value}'.`);
  // No model has that many.
  return Math.max(0, Math.min(MOST_ORDINAL, Number(value)));
}

/** How many results a page may have at most. @throws MLFLOW_REFUSED */
export function maxResultsOf(
  fields: Fields,
  { least, most, usual }: { readonly least: number; readonly most: number; readonly usual: number },
): number {
  const given = fields['max_results'] ?? usual;
  const value = given === '' ? usual : Number(given);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw invalid(
    `Invalid value for request parameter max_results. It must be at least ${least} and at most ${most}, but got value ${JSON.stringify(given)}`,
  );
}

/** Texts of a field that may be there once or several times. @throws MLFLOW_REFUSED */
export function textsOf(fields: Fields, name: string): string[] {
  const given = fields[name] ?? [];
  const values: unknown[] = Array.isArray(given) ? given : [given];
  return values.map((value) => textOf({ [name]: value }, name));
}

export function isTrue(fields: Fields, name: string): boolean {
  return fields[name] === true || fields[name] === 'true';
}

/** Tags as `[{ key, value }]`. @throws MLFLOW_REFUSED */
export function tagsOf(fields: Fields): Record<string, string> {
  const given = fields['tags'] ?? [];
  if (!Array.isArray(given)) throw invalid("Invalid value for parameter 'tags': wanted a list of { key, value }");
  return Object.fromEntries(given.map((tag: unknown) => tagOf((tag ?? {}) as Fields)));
}

/** One tag; its value may be empty, and is kept as a text. @throws MLFLOW_REFUSED */
export function tagOf(fields: Fields): [key: string, value: string] {
  const key = requireText(fields, 'key');
  const value = fields['value'] ?? '';
  const problem = tagProblem(key, value);
  if (problem !== null) throw invalid(`Invalid ${problem}`);
  // Numbers and truth values are kept as their text.
  return [key, typeof value === 'string' ? value : JSON.stringify(value)];
}

function invalid(problem: string): Error {
  return refusal('INVALID_PARAMETER_VALUE', problem);
}
