// Writes what a release runs from, for the registry: `node export-release.ts --release 1.0.0 --model rag_api --version 1.0.0 --out folder`.
// Prints the name of its index. The same release gives the same bytes.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serialize } from 'node:v8';
import { parseArgs } from 'node:util';
import { loadIndex } from './load-index.ts';
import { findRelease } from './releases.ts';

const { values } = parseArgs({
  options: {
    release: { type: 'string', default: '1.0.0' },
    model: { type: 'string', default: 'rag_api' },
    version: { type: 'string', default: '1.0.0' },
    out: { type: 'string', default: 'release' },
  },
});
const { fault: _, ...settings } = findRelease(values.release);
const index = await loadIndex();
const release = { ...settings, model: values.model, version: values.version, indexVersion: index.version };
await mkdir(values.out, { recursive: true });
await writeFile(join(values.out, 'release.json'), `${JSON.stringify(release, null, 2)}\n`);
await writeFile(join(values.out, 'index.bin'), serialize(index));
process.stdout.write(`${JSON.stringify({ indexVersion: index.version })}\n`);
