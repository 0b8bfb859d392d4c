import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { MlopsError, messageOf } from '../../domain/errors.ts';
import type { OmsSignature } from '../../domain/registry/oms.ts';
import { codeOf } from './file-errors.ts';
import { wrong, type SignerFinding } from './signer-finding.ts';

/** Whose signatures count. */
export interface OmsKey {
  /** How a bundle names it */
  readonly hint: string;
  /** How people do: its file, without `.pub` */
  readonly name: string;
  verify(signature: Pick<OmsSignature, 'signed' | 'signature'>): boolean;
}

/** Curves, and the hash that goes with each. */
const HASHES: Readonly<Record<string, string>> = { prime256v1: 'sha256', secp384r1: 'sha384', secp521r1: 'sha512' };

/** Which of the keys has made a signature. @param hint the key that the bundle names; null when it names none */
export function judgeByKeys(signature: OmsSignature, hint: string | null, keys: readonly OmsKey[]): SignerFinding {
  const candidates = hint === null ? keys : keys.filter((key) => key.hint === hint);
  const signer = candidates.find((key) => key.verify(signature));
  if (signer !== undefined) return { kind: 'right', signer: `key ${signer.name}` };
  if (candidates.length > 0 && hint !== null) return wrong('its signature is not right');
  return { kind: 'unknown', problem: `it is signed by none of the ${keys.length} keys that count` };
}

/** Public keys (PEM) of files, or all `*.pub` of a folder, which need not be there. @throws SIGNER_KEY_INVALID */
export async function loadOmsKeys(where: readonly string[] | { readonly folder: string }): Promise<readonly OmsKey[]> {
  const files = 'folder' in where ? await keyFilesIn(where.folder) : where;
  return await Promise.all(files.map(loadKey));
}

/** The verification of a key that may sign; its curve says which. @throws an error that says which curves */
export function createVerification(key: KeyObject): OmsKey['verify'] {
  const curve = key.asymmetricKeyDetails?.namedCurve ?? key.asymmetricKeyType ?? 'unknown';
  const algorithm = Object.hasOwn(HASHES, curve) ? HASHES[curve] : undefined;
  if (algorithm === undefined) throw new Error(`it is of type ${curve}, wanted P-256, P-384 or P-521`);
  return ({ signature, signed }) => verify(algorithm, signed, { key, dsaEncoding: 'der' }, signature);
}

async function keyFilesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw new MlopsError('SIGNER_KEY_INVALID', { file: folder, problem: messageOf(error) }, { cause: error });
  });
  return names
    .filter((name) => name.endsWith('.pub'))
    .toSorted()
    .map((name) => join(folder, name));
}

async function loadKey(file: string): Promise<OmsKey> {
  try {
    const key = createPublicKey(await readFile(file));
    const text = key.export({ format: 'pem', type: 'spki' });
    const hint = createHash('sha256').update(text).digest('hex');
    return { hint, name: basename(file, '.pub'), verify: createVerification(key) };
  } catch (error) {
    throw new MlopsError('SIGNER_KEY_INVALID', { file, problem: messageOf(error) }, { cause: error });
  }
}
