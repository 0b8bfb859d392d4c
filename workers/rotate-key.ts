import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { Pool } from 'pg';
import type { createIdentities } from '../adapters/postgres/identity/identities.ts';
import { askForAdminRole } from '../adapters/postgres/roles/require-admin-role.ts';
import type { EventActor } from '../domain/governance/event-draft.ts';
import { OWN_KEY_ACTION, OWN_KEY_RESOURCE } from '../domain/governance/own-key.ts';
import type { Claim } from '../domain/governance/statement.ts';
import type { NextKey, SendOwnKey, Signer } from './own-key.ts';
import { dropRefused, isInPlace, makeWaitingKey, readWaitingKey, waitingFileOf } from './waiting-key.ts';

interface Parts {
  readonly pool: Pool;
  readonly identities: Pick<ReturnType<typeof createIdentities>, 'key' | 'principalOf' | 'rotate'>;
  readonly authoriseWrite: (action: string, content: unknown, claim: Claim) => Promise<EventActor>;
  /** Null: nobody writes for those who may not. */
  readonly sendOwnKey: SendOwnKey | null;
  readonly fileFor: (name: string, file: string | null) => Promise<string>;
}

type Order = { readonly name: string; readonly reason: string };

/**
 * Replaces the key of an identity file. The new one is on disk before it counts, beside the old one, so that no key counts that nobody has;
 * what was stopped on the way goes on with it.
 */
export function createKeyRotation({ authoriseWrite, fileFor, identities, pool, sendOwnKey }: Parts) {
  /** Whoever may not write identities has the worker replace their own key, and nobody else's. */
  const replace = async (principal: string, order: Order, key: NextKey, signer: Signer) => {
    const isOwn = signer.actor === principal;
    if (isOwn && sendOwnKey !== null && !(await askForAdminRole(pool)).may)
      return (await sendOwnKey(key, order.reason, signer)).replaced;
    const action = isOwn ? OWN_KEY_ACTION : 'identity.rotate';
    const claim = signer.claim({ action, resource: OWN_KEY_RESOURCE, content: order });
    const actor = await authoriseWrite(action, order, claim);
    return await identities.rotate({ name: principal, reason: order.reason }, key, actor);
  };
  return async (order: Order, file: string | null, signer: Signer) => {
    const principal = await identities.principalOf(order.name);
    const path = await fileFor(order.name, file);
    const isThere = existsSync(waitingFileOf(path));
    const waiting = await readWaitingKey(path);
    // The key that is to be replaced does not replace itself.
    const isNext = waiting?.principal === principal && !(await isInPlace(path, waiting));
    let key: NextKey | null = isNext ? waiting : null;
    const known = key === null ? null : await identities.key(key.keyId);
    const isDone = known !== null && known.principal === principal && known.isInForce;
    // One that was used before is of no use any more.
    if (key === null || (known !== null && !isDone)) {
      // What has come there since is of another attempt.
      if (isThere) await rm(waitingFileOf(path), { force: true });
      key = await makeWaitingKey(path, principal);
    }
    const next = key;
    const replaced = isDone
      ? known.replaced
      : await dropRefused(path, async () => await replace(principal, order, next, signer));
    await rename(waitingFileOf(path), path);
    return { key: next.keyId, replaced, file: path };
  };
}
