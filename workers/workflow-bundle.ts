import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import sdk from '@temporalio/worker/package.json' with { type: 'json' };
import { ownModule, ownPath } from '../adapters/processes/own-file.ts';
import { cacheDirectory } from '../adapters/temporal/find-server.ts';

const ROOT = ownPath('.');
/** Everything a workflow may import (architecture §2). */
const SOURCES = ['workflows', 'domain'] as const;

/**
 * Path of the workflow bundle, made once per content of the workflow sources.
 *
 * Bundling takes seconds; a worker that was killed, and the first one of another project, should be there sooner than
 * that, so the bundle is kept under the hash of what went into it: where the server program is kept, or, where nothing
 * can be written there, in `stateDirectory`.
 */
export async function loadWorkflowBundle(stateDirectory: string): Promise<string> {
  const name = `workflows-${await hashSources()}.js`;
  const [shared, own] = [cacheDirectory(), join(stateDirectory, 'cache')];
  const found = [shared, own].map((folder) => join(folder, name)).find((file) => existsSync(file));
  if (found !== undefined) return found;
  const { code } = await bundleWorkflowCode({ workflowsPath: ownModule('workflows/index'), logger: silent });
  return await keep(shared, name, code).catch(async () => await keep(own, name, code));
}

/** Two workers may start at once: each writes its own file, and the rename is atomic. */
async function keep(folder: string, name: string, code: string): Promise<string> {
  const file = join(folder, name);
  const temporary = `${file}.${process.pid}`;
  await mkdir(folder, { recursive: true });
  await writeFile(temporary, code);
  await rename(temporary, file);
  return file;
}

async function hashSources(): Promise<string> {
  const hash = createHash('sha256').update(sdk.version);
  for (const folder of SOURCES) {
    const entries = await readdir(join(ROOT, folder), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    for (const file of files.sort()) hash.update(file.slice(ROOT.length)).update(await readFile(file));
  }
  return hash.digest('hex').slice(0, 16);
}

const ignore = (): void => undefined;
const silent = { log: ignore, trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };
