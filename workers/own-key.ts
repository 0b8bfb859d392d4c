import type { Client } from '@temporalio/client';
import { provePossession } from '../adapters/identity/key-possession.ts';
import type { OwnIdentity, PublicIdentity } from '../adapters/identity/identity-file.ts';
import { sendOwnKey } from '../adapters/temporal/own-key-desk.ts';
import type { ReplacedKey } from '../activities/own-key.ts';
import { contentOfOwnKey, OWN_KEY_ACTION, OWN_KEY_RESOURCE, type OwnKeyOrder } from '../domain/governance/own-key.ts';
import type { Claim } from '../domain/governance/statement.ts';
import { TASK_QUEUE } from '../workflows/messages.ts';
import { sourceOfCommand } from './act-source.ts';

/** Who signs in this process. */
export interface Signer {
  readonly actor: string;
  claim(asked: { readonly action: string; readonly resource: string; readonly content?: unknown }): Claim;
}

/** A new key before it counts. */
export interface NextKey extends PublicIdentity {
  readonly privateKey: OwnIdentity['privateKey'];
}

/** Has the worker put a key in the place of the signer's own. */
export type SendOwnKey = (key: NextKey, reason: string, signer: Signer) => Promise<ReplacedKey>;

/** For those whose login may not write identities. */
export function composeSendOwnKey(environment: string, connect: () => Promise<Client>): SendOwnKey {
  return async (key, reason, signer) => {
    const order = signOwnKey(environment, key, reason, signer);
    return await sendOwnKey(await connect(), { keyId: key.keyId, order, taskQueue: TASK_QUEUE });
  };
}

/** The order to replace the signer's own key, signed by the old one and by the new one. */
export function signOwnKey(
  environment: string,
  { privateKey, publicKey }: NextKey,
  reason: string,
  signer: Signer,
): OwnKeyOrder {
  const content = contentOfOwnKey({ environment, publicKey, reason, source: sourceOfCommand() });
  const claim = signer.claim({ action: OWN_KEY_ACTION, resource: OWN_KEY_RESOURCE, content });
  const proof = claim.statement === undefined ? '' : provePossession(privateKey, claim.statement.statement);
  return { ...content, claim, proof };
}
