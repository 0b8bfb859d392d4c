import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import sdk from '@temporalio/worker/package.json' with { type: 'json' };
import { ownModule, ownPath } from '../adapters/processes/own-file.ts';

const ROOT = ownPath('.');
/** Everything a workflow may import (architecture §2). */
const SOURCES = ['workflows', 'domain'] as const;

/**
 * Path of the workflow bundle, made once per content of the workflow sources.
 *
 * Bundling takes seconds; a worker that was killed should be back sooner than that, so the bundle is kept under the
 * hash of what went into it.
 */
export async function loadWorkflowBundle(cacheDirectory: string): Promise<string> {
  const file = join(cacheDirectory, `workflows-${await hashSources()}.js`);
  if (existsSync(file)) return file;
  const { code } = await bundleWorkflowCode({ workflowsPath: ownModule('workflows/index'), logger: silent });
  await mkdir(cacheDirectory, { recursive: true });
  // Two workers may start at once: each writes its own file, and the rename is atomic.
  const temporary = `${file}.${process.pid}`;
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
