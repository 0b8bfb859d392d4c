// An artifact store in a folder of its own, with small chunks.
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { createArtifactStore } from '../../adapters/artifacts/create-store.ts';
import { createFilePlace } from '../../adapters/artifacts/file-place.ts';
import { createSignatureJudge } from '../../adapters/artifacts/signature-judge.ts';
import type { DataKeys } from '../../adapters/crypto/envelope.ts';
import type { KeyRing } from '../../adapters/crypto/key-ring.ts';
import { createLocalDataKeys } from '../../adapters/crypto/local-data-keys.ts';

export const CHUNK_BYTES = 64;

/** A ring whose keys are the same in every process. */
export const fixedRing: KeyRing = { active: 'k1', keys: new Map([['k1', Buffer.alloc(32, 1)]]) };

export function keysOf(ring: KeyRing): DataKeys {
  return createLocalDataKeys(async () => await Promise.resolve(ring), 'artifact');
}

/** Demands none, and knows no signer. */
export const noSignatures = createSignatureJudge({
  isRequired: false,
  known: { keys: [], certificates: null, sigstore: null },
});

export function newFolder(name = 'mlops-artifacts-'): string {
  return mkdtempSync(join(tmpdir(), name));
}

export function openFileStore(
  root = newFolder(),
  {
    keys = keysOf(fixedRing),
    chunkBytes = CHUNK_BYTES,
    now = Date.now,
    threadsFromBytes = Number.MAX_SAFE_INTEGER,
    signatures = noSignatures,
  } = {},
) {
  const place = createFilePlace(root, { chunkBytes });
  return {
    root,
    place,
    store: createArtifactStore({ place, keys, uploads: root, signatures }, { now, threadsFromBytes }),
  };
}

/** A file with content. Returns its path. */
export function fileWith(
  content: string | Uint8Array,
  folder = newFolder('mlops-source-'),
  name = 'model.bin',
): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

export function dataFileOf(root: string, digest: string): string {
  return join(root, 'objects', digest.slice(0, 2), digest, 'data');
}

export function recordFileOf(root: string, digest: string): string {
  return join(root, 'objects', digest.slice(0, 2), digest, 'record.json');
}

export function uploadsIn(root: string): string[] {
  return readdirSync(join(root, 'uploads'));
}

/** Every file below a folder, as path and content in hex. */
export function contentOf(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map(({ name, parentPath }) => [
      relative(folder, join(parentPath, name)),
      readFileSync(join(parentPath, name)).toString('hex'),
    ]),
  );
}
