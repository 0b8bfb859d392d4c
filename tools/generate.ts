// Writes the generated references: `npm run generate`.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { assembleReferences } from './references.ts';

const ROOT = join(import.meta.dirname, '..');

for (const [path, text] of Object.entries(assembleReferences())) {
  await mkdir(dirname(join(ROOT, path)), { recursive: true });
  await writeFile(join(ROOT, path), text);
  process.stdout.write(`${path}\n`);
}
