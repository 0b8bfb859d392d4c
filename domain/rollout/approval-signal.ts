import { isObject } from '../json-object.ts';

/** What came with a signal `approve`. Nobody has checked who sent it: `actor` says so, and the name it gave is a claim. */
export interface ApprovalSignal {
  readonly actor: 'signal';
  /** Name that the sender gave; '' for none. */
  readonly claimed: string;
  /** Why, with the claim. */
  readonly reason: string;
  /** Why it is no approval; null when it is understood. */
  readonly problem: string | null;
}

const KNOWN_KEYS: readonly string[] = ['actor', 'reason'];
const NOT_UNDERSTOOD = 'its input is not understood: wanted {"actor": "...", "reason": "..."}, or nothing';

/**
 * Reads the inputs of a signal, of whatever shape. Understood are none, null, and one object that has no keys but `actor` and
 * `reason`, both texts: `{"approved": false}` is no approval.
 *
 * @example parseApprovalSignal([{ actor: 'ann', reason: 'checked' }]).reason // 'checked; claims to be ann'
 */
export function parseApprovalSignal(inputs: readonly unknown[]): ApprovalSignal {
  const given = isObject(inputs[0]) ? inputs[0] : {};
  const claimed = textOf(given['actor']);
  const reason = [textOf(given['reason']), claimOf(claimed)].filter((part) => part !== '').join('; ');
  return { actor: 'signal', claimed, reason, problem: isUnderstood(inputs) ? null : NOT_UNDERSTOOD };
}

/** Words that tell a claim from a fact. */
export function claimOf(claimed: string): string {
  return claimed === '' ? '' : `claims to be ${claimed}`;
}

function isUnderstood([input, ...more]: readonly unknown[]): boolean {
  if (more.length > 0) return false;
  if (input === undefined || input === null) return true;
  if (!isObject(input)) return false;
  return Object.entries(input).every(([key, value]) => KNOWN_KEYS.includes(key) && typeof value === 'string');
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
