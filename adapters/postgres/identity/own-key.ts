import type { OwnKeys } from '../../../activities/own-key.ts';
import { MlopsError } from '../../../domain/errors.ts';
import type { EventActor } from '../../../domain/governance/event-draft.ts';
import { draftOfIdentity } from '../../../domain/governance/identity-drafts.ts';
import {
  contentOfOwnKey,
  OWN_KEY_ACTION,
  OWN_KEY_RESOURCE,
  possessionText,
  type OwnKeyOrder,
} from '../../../domain/governance/own-key.ts';
import type { Primitives } from '../../../domain/governance/primitives.ts';
import type { SignedStatement } from '../../../domain/governance/statement.ts';
import { keyIdOf } from '../../identity/identity-file.ts';
import type { EvidenceParts } from '../rollout-store.ts';
import type { Authority } from './authority.ts';
import { findKey, insertKey, KEY_PROVIDER, revokeKeys } from './keys.ts';

interface Parts extends Pick<EvidenceParts, 'pool' | 'ledger'> {
  readonly authority: Authority;
  readonly primitives: Primitives;
}

const KEY_BYTES = 32;

/** Keys that their owners replace, as the worker carries it out: it believes what is signed, and nothing else. */
export function createOwnKeys(parts: Parts): OwnKeys {
  return {
    async replace(order, receivedAt) {
      const { actor, key, signed } = await verify(parts, order, receivedAt);
      if (actor === null) return { key: key.keyId, replaced: key.replaced };
      return await parts.ledger.transact(async ({ append, client, next }) => {
        const replaced = await revokeKeys(client, actor.id, next);
        // Two at once: the key of the other one is in force now.
        if (!replaced.includes(signed.statement.key)) throw refusal(`key ${signed.statement.key} was revoked`);
        await insertKey(client, actor.id, key, next);
        // All of it, so that whoever may read payloads can verify again that its owner wanted it.
        const sealed = { ...contentOfOwnKey(order), proof: order.proof, ...evidenceOf(signed) };
        const facts = { key: key.keyId, revoked: replaced };
        append(draftOfIdentity('own-key-replaced', { id: actor.id, facts, sealed }, actor));
        return { key: key.keyId, replaced };
      });
    },
  };
}

interface Verified {
  readonly signed: SignedStatement;
  readonly key: { readonly keyId: string; readonly publicKey: string; readonly replaced: readonly string[] };
  /** Null: an earlier attempt has done it, whose answer was lost. */
  readonly actor: EventActor | null;
}

/** @throws NOT_AUTHENTICATED, NOT_AUTHORISED, KEY_NOT_HELD */
async function verify(parts: Parts, order: OwnKeyOrder, receivedAt: string): Promise<Verified> {
  const { claim, proof, publicKey } = order;
  const bytes = parts.primitives.decodeBase64(publicKey);
  if (bytes?.length !== KEY_BYTES)
    throw new MlopsError('KEY_NOT_HELD', { problem: 'it is not the base64 of 32 bytes' });
  if (claim.statement === undefined) throw refusal('nothing is signed');
  const keyId = keyIdOf(bytes);
  const there = await findKey(parts.pool, keyId);
  if (there !== null) {
    if (there.principal !== claim.actor || !there.isInForce)
      throw new MlopsError('KEY_NOT_HELD', { problem: `${keyId} was used before` });
    return { signed: claim.statement, key: { keyId, publicKey, replaced: there.replaced }, actor: null };
  }
  const actor = await parts.authority.authorise(claim, {
    action: OWN_KEY_ACTION,
    resource: OWN_KEY_RESOURCE,
    content: contentOfOwnKey(order),
    occasion: `own-key/${keyId}`,
    receivedAt,
  });
  if (actor.authentication !== KEY_PROVIDER) throw refusal(`${actor.id} signs with no key`);
  const signature = parts.primitives.decodeBase64(proof);
  const { statement } = claim.statement;
  if (signature === null || !parts.primitives.verify(bytes, possessionText(statement), signature))
    throw new MlopsError('KEY_NOT_HELD', { problem: `${keyId} has not signed the statement` });
  return { signed: claim.statement, key: { keyId, publicKey, replaced: [] }, actor };
}

function evidenceOf({ signature, statement }: SignedStatement) {
  return { signature, statement: { ...statement } };
}

function refusal(problem: string): MlopsError {
  return new MlopsError('NOT_AUTHENTICATED', { action: OWN_KEY_ACTION, problem });
}
