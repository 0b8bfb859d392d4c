import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MlopsError, messageOf } from '../../domain/errors.ts';
import { isPrincipalId } from '../../domain/governance/statement.ts';
import { createWhole } from '../files/durable-file.ts';
import { assertOwnersOnly, parseSecretJson } from '../files/secret-json.ts';

/** A principal's private key, as its owner keeps it. */
export interface OwnIdentity {
  readonly principal: string;
  readonly keyId: string;
  readonly privateKey: KeyObject;
}

/** What others may know of a key. */
export interface PublicIdentity {
  readonly keyId: string;
  /** 32 bytes, base64 */
  readonly publicKey: string;
}

const FORMAT = 'durable-mlops/identity@1';

/** What is written: the owner's name is the file's, and is not in it. */
interface IdentityFile {
  readonly format: typeof FORMAT;
  readonly principal: string;
  /** PKCS #8, base64 */
  readonly privateKey: string;
}

/** The folder of this project with identity files of people and services on this machine. */
export function identityFolder(stateDirectory: string): string {
  return join(stateDirectory, 'identities');
}

/** Makes that folder, for nobody else to look into. */
export async function makeIdentityFolder(stateDirectory: string): Promise<void> {
  await mkdir(identityFolder(stateDirectory), { recursive: true, mode: 0o700 });
}

/** Where an identity is looked for: a name in the folder of this project, or a path. */
export function identityFileOf(stateDirectory: string, nameOrPath: string): string {
  return /[/\\.]/.test(nameOrPath) ? nameOrPath : join(identityFolder(stateDirectory), `${nameOrPath}.json`);
}

/** A new opaque principal id. */
export function newPrincipalId(): string {
  return `principal:${randomBytes(8).toString('hex')}`;
}

/**
 * Makes a key pair and writes it to a file of its owner (0600), which must not be there yet, in a folder that is there.
 *
 * @throws IDENTITY_FILE_UNWRITABLE
 */
export async function writeIdentity(file: string, principal: string): Promise<PublicIdentity> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const written: IdentityFile = {
    format: FORMAT,
    principal,
    privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
  };
  try {
    await createWhole(file, `${JSON.stringify(written, null, 2)}\n`);
  } catch (error) {
    const problem = WRITE_PROBLEMS[(error as { code?: string }).code ?? ''] ?? messageOf(error);
    throw new MlopsError('IDENTITY_FILE_UNWRITABLE', { file, problem }, { cause: error });
  }
  return publicOf(privateKey);
}

const WRITE_PROBLEMS: Readonly<Record<string, string>> = {
  EEXIST: 'it is there already',
  ENOENT: 'its folder is not there',
};

/** @throws IDENTITY_FILE_INVALID also when others than its owner may read it */
export async function readIdentity(file: string): Promise<OwnIdentity> {
  try {
    await assertOwnersOnly(file);
    const { format, principal, privateKey } = parseSecretJson(await readFile(file, 'utf8')) as Partial<IdentityFile>;
    if (format !== FORMAT) throw new Error(`its format is not ${FORMAT}`);
    if (!isPrincipalId(principal ?? '')) throw new Error('it names no principal');
    const key = createPrivateKey({ key: Buffer.from(privateKey ?? '', 'base64'), format: 'der', type: 'pkcs8' });
    if (key.asymmetricKeyType !== 'ed25519') throw new Error('its key is not an Ed25519 key');
    return { principal: principal ?? '', keyId: publicOf(key).keyId, privateKey: key };
  } catch (error) {
    throw new MlopsError('IDENTITY_FILE_INVALID', { file, problem: messageOf(error) }, { cause: error });
  }
}

/** The public half of a private key, and its id: the first 8 bytes of its SHA-256. */
export function publicOf(privateKey: KeyObject): PublicIdentity {
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  const bytes = Buffer.from(x, 'base64url');
  return { keyId: keyIdOf(bytes), publicKey: bytes.toString('base64') };
}

/** The id of a public key. */
export function keyIdOf(publicKey: Uint8Array): string {
  return createHash('sha256').update(publicKey).digest('hex').slice(0, 16);
}
