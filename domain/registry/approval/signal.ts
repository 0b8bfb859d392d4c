import { isObject } from '../../json-object.ts';

/** What came with a signal `approve`. */
export interface DecisionSignal {
  /** One-time code that says who sent it; '' for none. */
  readonly code: string;
  readonly reason: string;
  /** Name that the sender gave: a claim. */
  readonly claimed: string;
  /** Why it cannot count; null when it may. */
  readonly problem: string | null;
}

const KNOWN_KEYS: readonly string[] = ['actor', 'code', 'reason'];
const NOT_UNDERSTOOD = 'its input is not understood: wanted {"code": "...", "reason": "..."}';
const UNSIGNED =
  'nobody knows who sent it: wanted the code of a one-time link, {"code": "...", "reason": "..."}; people use `mlops approval approve`';

/**
 * Reads the inputs of a signal, of whatever shape. Who sends a signal is not known, and approvers are counted: without the code of a
 * one-time link it does not count.
 *
 * @example parseDecisionSignal([{ actor: 'ann' }]).problem // 'nobody knows who sent it: ...'
 */
export function parseDecisionSignal(inputs: readonly unknown[]): DecisionSignal {
  const [input, ...more] = inputs;
  const given = isObject(input) ? input : {};
  const [code, reason, claimed] = [textOf(given['code']), textOf(given['reason']), textOf(given['actor'])];
  const isUnderstood =
    more.length === 0 &&
    (input === undefined || input === null || isObject(input)) &&
    Object.entries(given).every(([key, value]) => KNOWN_KEYS.includes(key) && typeof value === 'string');
  const problem = !isUnderstood ? NOT_UNDERSTOOD : code === '' ? UNSIGNED : null;
  return { code, reason, claimed, problem };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
