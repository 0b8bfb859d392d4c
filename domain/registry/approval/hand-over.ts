import { sourceOf, parseSource, type FromSomewhere } from '../../governance/act-source.ts';
import { isObject, objectOf } from '../../json-object.ts';
import type { Claim } from '../../governance/statement.ts';
import { APPROVALS_RESOURCE, resourceOfApproval } from './request.ts';

/** A right to decide for whoever holds a secret: once, as who signs, about what they have seen. */
export interface LinkHandOver {
  readonly what: 'link';
  readonly approvalId: string;
  /** Digest of the content that was seen. */
  readonly seen: string;
  /** SHA-256 of the secret, hex: the secret itself is sent to nobody. */
  readonly secretHash: string;
}

/** A right to decide for somebody else, for a time. */
export interface DelegationHandOver {
  readonly what: 'delegation';
  /** Principal id */
  readonly to: string;
  /** One request; null: all of them. */
  readonly approvalId: string | null;
  /** From now, seconds */
  readonly forSeconds: number;
  readonly reason: string;
}

/** Everything that was handed to somebody is taken back. */
export interface TakeBack {
  readonly what: 'take-back';
  /** Principal id */
  readonly to: string;
  readonly reason: string;
}

/** What becomes of a right to decide; `id` names it, the same however often it is sent. */
export type HandOver = (LinkHandOver | DelegationHandOver | TakeBack) &
  FromSomewhere & { readonly id: string; readonly environment: string };

/** A hand-over with who wants it. */
export type HandOverOrder = HandOver & { readonly claim: Claim };

/** What the statement of a hand-over is for, about, and over: all of it but the claim. */
export function askedOfHandOver(order: HandOver): {
  readonly action: string;
  readonly resource: string;
  readonly content: HandOver;
} {
  const { claim: _, ...content } = order as HandOverOrder;
  if (order.what === 'link')
    return { action: 'approval.decide', resource: resourceOfApproval(order.approvalId), content };
  return { action: 'approval.delegate', resource: APPROVALS_RESOURCE, content };
}

/**
 * Reads what somebody hands over: any client may start a workflow with anything. What is said beside is left out.
 *
 * @returns in words what is wrong with it, when something is
 */
export function parseHandOver(given: unknown): HandOverOrder | string {
  const { claim, environment, id, source, ...rest } = objectOf(given);
  if (!isText(id) || !/^[\w-]{12,64}$/.test(id)) return 'its id is none';
  if (!isText(environment)) return 'it does not say of which environment';
  if (!isClaim(claim)) return 'its claim is none';
  const found = parseSource(source);
  const right = parseRight(rest);
  if (typeof right === 'string') return right;
  return { ...right, id, environment, claim, ...sourceOf(found === null ? {} : { source: found }) };
}

function parseRight(given: Readonly<Record<string, unknown>>): LinkHandOver | DelegationHandOver | TakeBack | string {
  const { approvalId, forSeconds, reason, secretHash, seen, to, what } = given;
  if (what === 'link') {
    if (!isText(approvalId) || !isText(seen)) return 'it does not say what is decided about';
    if (!isText(secretHash) || !/^[0-9a-f]{64}$/.test(secretHash)) return 'the hash of its secret is none';
    return { what, approvalId, seen, secretHash };
  }
  if (!isText(to)) return 'it does not say to whom';
  if (typeof reason !== 'string') return 'its reason is no text (it may be empty)';
  if (what === 'take-back') return { what, to, reason };
  if (what !== 'delegation') return 'it is neither a link nor a delegation';
  if (approvalId !== null && !isText(approvalId)) return 'it does not say what is decided about';
  if (typeof forSeconds !== 'number') return 'it does not say for how long';
  return { what, to, approvalId, forSeconds, reason };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** Whether its statement is one is looked at by who verifies it; a token has no business here. */
function isClaim(value: unknown): value is Claim {
  if (!isObject(value) || !isText(value['actor']) || value['token'] !== undefined) return false;
  return value['statement'] === undefined || isObject(value['statement']);
}
