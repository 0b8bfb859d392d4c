import { randomBytes } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { sendHandOver } from '../adapters/temporal/hand-over-desk.ts';
import type { HandedOver } from '../activities/hand-over.ts';
import {
  askedOfHandOver,
  type DelegationHandOver,
  type HandOverOrder,
  type LinkHandOver,
  type TakeBack,
} from '../domain/registry/approval/hand-over.ts';
import { TASK_QUEUE } from '../workflows/messages.ts';
import { sourceOfCommand } from './act-source.ts';
import type { Signer } from './own-key.ts';

const ID_BYTES = 16;

type Right = LinkHandOver | DelegationHandOver | TakeBack;

/** Has the worker write what becomes of the signer's right to decide. */
export type SendHandOver = (right: Right, signer: Signer, id?: string) => Promise<HandedOver>;

/** No login of people may write that: whoever could would decide in anybody's name. */
export function composeSendHandOver(environment: string, connect: () => Promise<Client>): SendHandOver {
  return async (right, signer, id = randomBytes(ID_BYTES).toString('hex')) =>
    await sendHandOver(await connect(), signHandOver({ ...right, id, environment }, signer), TASK_QUEUE);
}

/** The order, signed by who has the right. */
export function signHandOver(
  right: Right & { readonly id: string; readonly environment: string },
  signer: Signer,
): HandOverOrder {
  const order = { ...right, source: sourceOfCommand() };
  return { ...order, claim: signer.claim(askedOfHandOver(order)) };
}
