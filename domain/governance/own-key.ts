import { canonicalJson } from './canonical-json.ts';
import { sourceOf, type FromSomewhere } from './act-source.ts';
import type { Claim, Statement } from './statement.ts';

/** What the statement of somebody who replaces their own key is for, and about. */
export const OWN_KEY_ACTION = 'identity.rotate-own';
export const OWN_KEY_RESOURCE = 'identity';

/** Somebody puts a new key in the place of their own: the statement is signed by the old one, the proof by the new one. */
export interface OwnKeyOrder extends FromSomewhere {
  readonly environment: string;
  readonly claim: Claim;
  readonly reason: string;
  /** Of the new key: 32 bytes, base64 */
  readonly publicKey: string;
  /** Signature by the new key over `possessionText` of the statement, base64 */
  readonly proof: string;
}

/** What the statement covers beside who and when: all of the order but what is made with it. */
export function contentOfOwnKey(order: Omit<OwnKeyOrder, 'claim' | 'proof'>): Omit<OwnKeyOrder, 'claim' | 'proof'> {
  const { environment, publicKey, reason } = order;
  return { environment, publicKey, reason, ...sourceOf(order) };
}

/** What the new key signs: that its holder wants this very statement carried out. */
export function possessionText(statement: Statement): string {
  return `durable-mlops/key-possession@1\n${canonicalJson(statement)}`;
}
