import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { newPrincipalId } from '../adapters/identity/identity-file.ts';
import type { createIdentities } from '../adapters/postgres/identity/identities.ts';
import type { KnownKey } from '../adapters/postgres/identity/keys.ts';
import { MlopsError } from '../domain/errors.ts';
import type { EventActor } from '../domain/governance/event-draft.ts';
import type { Role } from '../domain/governance/roles.ts';
import {
  dropRefused,
  dropUseless,
  isInPlace,
  makeWaitingKey,
  readWaitingKey,
  settleNewKey,
  waitingFileOf,
  type WaitingKey,
} from './waiting-key.ts';

type Identities = Pick<ReturnType<typeof createIdentities>, 'create' | 'describe' | 'key'>;

/** Somebody who is made known. */
interface Order {
  readonly name: string;
  readonly reason: string;
  readonly kind: 'human' | 'service';
  readonly roles: readonly Role[];
}

/**
 * Makes somebody known with a key, which is on disk before it counts, so that no key counts that nobody has; what was stopped on the way goes
 * on with it.
 *
 * @throws IDENTITY_EXISTS, IDENTITY_FILE_UNWRITABLE
 */
export async function createIdentity(
  identities: Identities,
  order: Order,
  { actor, path }: { readonly actor: EventActor; readonly path: string },
): Promise<{ readonly principal: string; readonly key: string; readonly file: string }> {
  await dropUseless(path);
  const waiting = await readWaitingKey(path);
  const known = waiting === null ? null : await identities.key(waiting.keyId);
  if (existsSync(path) && (waiting === null || known === null || !(await isInPlace(path, waiting))))
    throw unwritable(path, 'it is there already');
  if (waiting !== null && known !== null) return await complete(identities, order, { path, waiting, known });
  const made = waiting ?? (await makeWaitingKey(path, newPrincipalId()));
  const { keyId, principal, publicKey } = made;
  await dropRefused(
    path,
    async () => await identities.create({ ...order, keyId, principal, publicKey }, actor, order.reason),
    // Another attempt with the same key was faster.
    async () => (await identities.key(keyId)) !== null,
  );
  await settleNewKey(path, made);
  return { principal, key: keyId, file: path };
}

/** An earlier attempt has written it, and its answer was lost. */
async function complete(
  identities: Identities,
  order: Order,
  { known, path, waiting }: { readonly path: string; readonly waiting: WaitingKey; readonly known: KnownKey },
): Promise<{ readonly principal: string; readonly key: string; readonly file: string }> {
  const { keyId, principal } = waiting;
  const there = await identities.describe(known.principal);
  if (known.principal !== principal || there?.name !== order.name)
    throw unwritable(path, `the key of somebody else is in ${waitingFileOf(path)}`);
  if (!known.isInForce) {
    await rm(waitingFileOf(path));
    throw new MlopsError('IDENTITY_EXISTS', { name: order.name });
  }
  await settleNewKey(path, waiting);
  if (there.kind !== order.kind || order.roles.some((role) => !there.roles.includes(role)))
    throw new MlopsError('IDENTITY_EXISTS', { name: order.name });
  return { principal, key: keyId, file: path };
}

function unwritable(file: string, problem: string): MlopsError {
  return new MlopsError('IDENTITY_FILE_UNWRITABLE', { file, problem });
}
