import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const REPOSITORY = join(import.meta.dirname, '../../..');
/** Makes a folder, and leaves it. */
const LEAVES_FOLDERS = 'test/unit/adapters/crypto/ledger-keys.test.ts';

describe('a run of the tests', () => {
  it('leaves nothing in the temporary folder', () => {
    const folder = mkdtempSync(join(tmpdir(), 'mlops-run-'));
    const { VITEST: _, ...env } = process.env;
    const { status, stdout } = spawnSync(process.execPath, ['test/run.ts', LEAVES_FOLDERS], {
      cwd: REPOSITORY,
      env: { ...env, TMPDIR: folder },
      encoding: 'utf8',
    });
    expect([status, readdirSync(folder)], stdout).toEqual([0, []]);
    expect(stdout).toMatch(/^[1-9]\d* passed, 0 failed$/m);
    rmSync(folder, { recursive: true });
  });
});
