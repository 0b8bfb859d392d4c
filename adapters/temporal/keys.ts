import { join } from 'node:path';
import { MlopsError, messageOf } from '../../domain/errors.ts';
import { ensureKeyRing, loadKeyRing, type KeyRing } from '../crypto/key-ring.ts';

/** Keys of the payload codec. */
export type PayloadKeys = KeyRing;

export function payloadKeyFile(stateDirectory: string): string {
  return join(stateDirectory, 'keys', 'payload.json');
}

/** Makes the first key when there is none. Returns whether it did. */
export async function ensurePayloadKeys(stateDirectory: string): Promise<boolean> {
  return await ensureKeyRing(payloadKeyFile(stateDirectory));
}

/** @throws PAYLOAD_KEYS_INVALID */
export async function loadPayloadKeys(stateDirectory: string): Promise<PayloadKeys> {
  const file = payloadKeyFile(stateDirectory);
  try {
    return await loadKeyRing(file);
  } catch (error) {
    throw new MlopsError('PAYLOAD_KEYS_INVALID', { file, problem: messageOf(error) }, { cause: error });
  }
}
