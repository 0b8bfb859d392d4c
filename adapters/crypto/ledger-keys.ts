import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MlopsError, messageOf } from '../../domain/errors.ts';
import { isOrigin } from '../../domain/governance/checkpoint.ts';
import type { Primitives } from '../../domain/governance/primitives.ts';
import type { VerifierKey } from '../../domain/governance/verifier-key.ts';
import { parseSecretJson } from '../files/secret-json.ts';
import {
  activateNextKey,
  addNextKey,
  ensureKeyRing,
  followKeyRing,
  loadKeyRing,
  writeNewSecret,
  type KeyRing,
} from './key-ring.ts';

/** Signs checkpoints of one log. */
export interface LedgerSigner {
  readonly origin: string;
  /** One, or two while a key is being replaced. */
  readonly keys: readonly (VerifierKey & { sign(text: string): Uint8Array })[];
}

interface SigningFile {
  readonly origin: string;
  /** PKCS #8, base64. */
  readonly keys: readonly string[];
}

function signingFileOf(stateDirectory: string): string {
  return join(stateDirectory, 'keys', 'ledger-signing.json');
}

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
  const { privateKey } = generateKeyPairSync('ed25519');
  const key = privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
  // The installation's name is never used again, so that no two logs are mistaken for one another.
  const origin = `durable-mlops-${randomBytes(6).toString('hex')}/${environment}`;
  const isNew = await writeNewSecret(signingFileOf(stateDirectory), { origin, keys: [key] } satisfies SigningFile);
  return (withWrapping && (await ensureKeyRing(wrappingFileOf(stateDirectory)))) || isNew;
}

/** Null on a machine that does not sign. @throws LEDGER_KEYS_INVALID */
export async function loadLedgerSigner(stateDirectory: string, primitives: Primitives): Promise<LedgerSigner | null> {
  const file = signingFileOf(stateDirectory);
  if (!existsSync(file)) return null;
  return await orInvalid(file, async () => {
    const { origin, keys } = parseSecretJson(await readFile(file, 'utf8')) as SigningFile;
    if (!isOrigin(origin)) throw new Error(`origin ${origin} is not valid`);
    const parsed = keys.map((key) =>
      createPrivateKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'pkcs8' }),
    );
    return { origin, keys: parsed.map((key) => signingKeyOf(primitives, origin, key)) };
  });
}

/** The keys that wrap those of payloads, as their file has them now. The function throws LEDGER_KEYS_INVALID. */
export function followWrappingKeys(stateDirectory: string): () => Promise<KeyRing> {
  const file = wrappingFileOf(stateDirectory);
  const ring = followKeyRing(file, loadKeyRing);
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

async function orInvalid<T>(file: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    throw new MlopsError('LEDGER_KEYS_INVALID', { file, problem: messageOf(error) }, { cause: error });
  }
}

function signingKeyOf(primitives: Primitives, name: string, key: KeyObject): LedgerSigner['keys'][number] {
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' });
  const publicKey = Buffer.from(x, 'base64url');
  return { name, id: primitives.keyId(name, publicKey), publicKey, sign: (text) => sign(null, Buffer.from(text), key) };
}
