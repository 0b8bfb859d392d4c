import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MlopsError, messageOf } from '../../domain/errors.ts';
import type { OmsPrimitives, OmsSignature } from '../../domain/registry/oms.ts';
import { codeOf } from './file-errors.ts';

/** Whose signatures count. */
export interface OmsKey {
  /** How a bundle names it */
  readonly hint: string;
  verify(signature: Pick<OmsSignature, 'signed' | 'signature'>): boolean;
}

/** Curves, and the hash that goes with each. */
const HASHES: Readonly<Record<string, string>> = { prime256v1: 'sha256', secp384r1: 'sha384', secp521r1: 'sha512' };

/** The verification's primitives by Node's own. */
export const omsPrimitives: OmsPrimitives = {
  decodeBase64(text) {
    const bytes = Buffer.from(text, 'base64');
    return bytes.toString('base64') === text ? bytes : null;
  },
  decodeText(bytes) {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch {
      return null;
    }
  },
  fromHex: (text) => Buffer.from(text, 'hex'),
  sha256(parts) {
    const hash = createHash('sha256');
    for (const part of parts) hash.update(part);
    return hash.digest('hex');
  },
};

/** Public keys (PEM) of files, or all `*.pub` of a folder, which need not be there. @throws SIGNER_KEY_INVALID */
export async function loadOmsKeys(where: readonly string[] | { readonly folder: string }): Promise<readonly OmsKey[]> {
  const files = 'folder' in where ? await keyFilesIn(where.folder) : where;
  return await Promise.all(files.map(loadKey));
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
    return createOmsKey(createPublicKey(await readFile(file)));
  } catch (error) {
    throw new MlopsError('SIGNER_KEY_INVALID', { file, problem: messageOf(error) }, { cause: error });
  }
}

function createOmsKey(key: KeyObject): OmsKey {
  const curve = key.asymmetricKeyDetails?.namedCurve ?? key.asymmetricKeyType ?? 'unknown';
  const algorithm = Object.hasOwn(HASHES, curve) ? HASHES[curve] : undefined;
  if (algorithm === undefined) throw new Error(`it is of type ${curve}, wanted P-256, P-384 or P-521`);
  return {
    hint: createHash('sha256')
      .update(key.export({ format: 'pem', type: 'spki' }))
      .digest('hex'),
    verify: ({ signature, signed }) => verify(algorithm, signed, { key, dsaEncoding: 'der' }, signature),
  };
}
