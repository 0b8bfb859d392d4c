// Writes dist/, what the package is: the program as JavaScript with declarations, and the files it finds beside itself.
// dist mirrors the repository, so a file is found at the same place in both (adapters/processes/own-file.ts).
import { spawnSync } from 'node:child_process';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');
const BESIDE = [
  'adapters/postgres/migrations',
  'config/deployment.yaml',
  'config/monitoring.yaml',
  'config/schema',
  'examples/ci',
  'examples/demo/config',
  'examples/models',
  'tools/temporal/go.mod',
  'tools/temporal/go.sum',
];

await rm(DIST, { recursive: true, force: true });
const compiled = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json'], {
  cwd: ROOT,
  // Standard output is for whoever asked for the package: `npm pack --json`.
  stdio: ['ignore', process.stderr, process.stderr],
});
if (compiled.status !== 0) process.exit(compiled.status ?? 1);
for (const name of BESIDE) await cp(join(ROOT, name), join(DIST, name), { recursive: true });
