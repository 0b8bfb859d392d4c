import type { OwnKeyOrder } from '../domain/governance/own-key.ts';

/** A key that came in the place of others. */
export interface ReplacedKey {
  readonly key: string;
  readonly replaced: readonly string[];
}

/** Port: keys that their owners replace. */
export interface OwnKeys {
  /**
   * Verifies who signs and who holds the new key, and puts it in the place of the old one; once, however often it is asked.
   *
   * @param receivedAt ISO 8601: when the order came
   * @throws NOT_AUTHENTICATED, NOT_AUTHORISED, KEY_NOT_HELD, DATABASE_UNREACHABLE, LEDGER_CLOSED
   */
  replace(order: OwnKeyOrder, receivedAt: string): Promise<ReplacedKey>;
}

/** What a worker does of identities: nothing but what their owners have signed. */
export function createOwnKeyActivities({ ownKeys }: { readonly ownKeys: OwnKeys }) {
  return {
    /** @throws as `OwnKeys.replace`; ENVIRONMENT_FOREIGN */
    async replaceOwnKey(order: OwnKeyOrder & { readonly receivedAt: string }): Promise<ReplacedKey> {
      return await ownKeys.replace(order, order.receivedAt);
    },
  };
}
