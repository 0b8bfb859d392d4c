import { join } from 'node:path';
import { assertOwnersOnly } from '../files/secret-json.ts';
import { followFile } from '../files/follow-file.ts';
import { activateNextKey, addNextKey, ensureKeyRing, loadKeyRing, type KeyRing } from './key-ring.ts';
import { ensureSigningKey } from './ledger-signer.ts';
import { orInvalid } from './or-invalid.ts';

/** The file with the keys that wrap those of payloads. */
export function wrappingFileOf(stateDirectory: string): string {
  return join(stateDirectory, 'keys', 'ledger-wrapping.json');
}

/** Makes the ledger's keys when there are none: one signs checkpoints, one wraps the keys of payloads unless those are kept elsewhere. */
export async function ensureLedgerKeys(
  stateDirectory: string,
  environment: string,
  { withWrapping = true } = {},
): Promise<boolean> {
  const isNew = await ensureSigningKey(stateDirectory, environment);
  return (withWrapping && (await ensureKeyRing(wrappingFileOf(stateDirectory)))) || isNew;
}

/** The keys that wrap those of payloads, as their file has them now. The function throws LEDGER_KEYS_INVALID. */
export function followWrappingKeys(stateDirectory: string): () => Promise<KeyRing> {
  const file = wrappingFileOf(stateDirectory);
  const ring = followFile(file, async () => {
    await assertOwnersOnly(file);
    return await loadKeyRing(file);
  });
  return async () => await orInvalid(file, ring);
}

/** Adds a wrapping key that is not used yet, unless one is waiting. Returns its id. @throws LEDGER_KEYS_INVALID */
export async function addNextWrappingKey(stateDirectory: string): Promise<string> {
  const file = wrappingFileOf(stateDirectory);
  return await orInvalid(file, async () => await addNextKey(file));
}

/** Makes the waiting wrapping key the one in use. @throws LEDGER_KEYS_INVALID */
export async function activateNextWrappingKey(stateDirectory: string): Promise<void> {
  const file = wrappingFileOf(stateDirectory);
  await orInvalid(file, async () => await activateNextKey(file));
}
