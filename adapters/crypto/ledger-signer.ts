import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isOrigin } from '../../domain/governance/checkpoint.ts';
import type { Primitives } from '../../domain/governance/primitives.ts';
import { formatVerifierKey, parseVerifierKey, type VerifierKey } from '../../domain/governance/verifier-key.ts';
import { writeDurably } from '../files/durable-file.ts';
import { followFile } from '../files/follow-file.ts';
import { assertOwnersOnly, parseSecretJson } from '../files/secret-json.ts';
import { writeNewSecret } from './key-ring.ts';
import { orInvalid } from './or-invalid.ts';

/** Signs checkpoints of one log. */
export interface LedgerSigner {
  readonly origin: string;
  /** One, or two while a key is being replaced: the older one first. */
  readonly keys: readonly (VerifierKey & { sign(text: string): Uint8Array })[];
  /** Public halves of keys that signed before: old checkpoints verify by them for ever. */
  readonly retired: readonly VerifierKey[];
}

interface SigningFile {
  readonly origin: string;
  /** PKCS #8, base64. */
  readonly keys: readonly string[];
  /** Verifier keys, in the order in which they were replaced. */
  readonly retired?: readonly string[];
}

/** The file with the keys that sign checkpoints. */
export function signingFileOf(stateDirectory: string): string {
  return join(stateDirectory, 'keys', 'ledger-signing.json');
}

/** Makes the file with a first key (0600) when there is none. Returns whether it did. */
export async function ensureSigningKey(stateDirectory: string, environment: string): Promise<boolean> {
  // The installation's name is never used again, so that no two logs are mistaken for one another.
  const origin = `durable-mlops-${randomBytes(6).toString('hex')}/${environment}`;
  return await writeNewSecret(signingFileOf(stateDirectory), { origin, keys: [newKey()] } satisfies SigningFile);
}

/** Null on a machine that does not sign. @throws LEDGER_KEYS_INVALID */
export async function loadLedgerSigner(stateDirectory: string, primitives: Primitives): Promise<LedgerSigner | null> {
  return await (followLedgerSigner(stateDirectory, primitives)?.() ?? null);
}

/**
 * The signer as its file has it now, so that a key that is made or retired counts at once in programs that run; null on a machine
 * that does not sign. The function throws LEDGER_KEYS_INVALID.
 */
export function followLedgerSigner(
  stateDirectory: string,
  primitives: Primitives,
): (() => Promise<LedgerSigner>) | null {
  const path = signingFileOf(stateDirectory);
  if (!existsSync(path)) return null;
  const signer = followFile(path, async (file) => signerOf(primitives, await readSigningFile(file)));
  return async () => await orInvalid(path, signer);
}

/** Makes a second key, unless there are two. @throws LEDGER_KEYS_INVALID */
export async function addSigningKey(stateDirectory: string): Promise<void> {
  const file = signingFileOf(stateDirectory);
  await orInvalid(file, async () => {
    const content = await readSigningFile(file);
    if (content.keys.length === 1) await write(file, { ...content, keys: [...content.keys, newKey()] });
  });
}

/** Takes the private half of the older of two keys away; the public one is kept. @throws LEDGER_KEYS_INVALID */
export async function retireSigningKey(stateDirectory: string, primitives: Primitives): Promise<void> {
  const file = signingFileOf(stateDirectory);
  await orInvalid(file, async () => {
    const content = await readSigningFile(file);
    const [older] = signerOf(primitives, content).keys;
    if (older === undefined || content.keys.length < 2) return;
    const retired = [...(content.retired ?? []), formatVerifierKey(primitives, older)];
    await write(file, { ...content, keys: content.keys.slice(1), retired });
  });
}

async function readSigningFile(file: string): Promise<SigningFile> {
  await assertOwnersOnly(file);
  return parseSecretJson(await readFile(file, 'utf8')) as SigningFile;
}

async function write(file: string, content: SigningFile): Promise<void> {
  await writeDurably(file, `${JSON.stringify(content, null, 2)}\n`);
}

function newKey(): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  return privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
}

function signerOf(primitives: Primitives, { keys, origin, retired = [] }: SigningFile): LedgerSigner {
  if (!isOrigin(origin)) throw new Error(`origin ${origin} is not valid`);
  const parsed = keys.map((key) => createPrivateKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'pkcs8' }));
  return {
    origin,
    keys: parsed.map((key) => signingKeyOf(primitives, origin, key)),
    retired: retired.map((line) => {
      const key = parseVerifierKey(primitives, line);
      if (typeof key === 'string') throw new Error(`retired key ${line} is not valid: ${key}`);
      return key;
    }),
  };
}

function signingKeyOf(primitives: Primitives, name: string, key: KeyObject): LedgerSigner['keys'][number] {
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' });
  const publicKey = Buffer.from(x, 'base64url');
  return { name, id: primitives.keyId(name, publicKey), publicKey, sign: (text) => sign(null, Buffer.from(text), key) };
}
