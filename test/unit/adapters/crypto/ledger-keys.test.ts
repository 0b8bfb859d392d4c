import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { ensureLedgerKeys, followWrappingKeys, wrappingFileOf } from '../../../../adapters/crypto/ledger-keys.ts';
import { loadLedgerSigner, signingFileOf } from '../../../../adapters/crypto/ledger-signer.ts';
import { keyLines, parseVerifierKey } from '../../../../domain/governance/verifier-key.ts';
import { checkSigningKey } from '../../../../workers/doctor.ts';
import { readVerifierKeys, writeTrustedKeys } from '../../../../workers/ledger.ts';
import { primitives } from '../../../support/ledger.ts';

async function newKeys(): Promise<string> {
  const stateDirectory = mkdtempSync(join(tmpdir(), 'mlops-keys-'));
  await ensureLedgerKeys(stateDirectory, 'dev');
  return stateDirectory;
}

describe('the files with keys of the ledger', () => {
  it("are their owner's, and flushed to disk with their folder before they are used", async () => {
    const stateDirectory = mkdtempSync(join(tmpdir(), 'mlops-keys-'));
    const handle = await open(stateDirectory);
    const sync = vi.spyOn(Object.getPrototypeOf(handle) as typeof handle, 'sync');
    await handle.close();
    expect(await ensureLedgerKeys(stateDirectory, 'dev')).toBe(true);
    // Each file, `keys` after each, and once what holds `keys`.
    expect(sync).toHaveBeenCalledTimes(5);
    for (const file of [signingFileOf(stateDirectory), wrappingFileOf(stateDirectory)])
      expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await ensureLedgerKeys(stateDirectory, 'dev')).toBe(false);
    sync.mockRestore();
  });

  it.each([0o640, 0o604])('are refused when others may read them: %o', async (mode) => {
    const stateDirectory = await newKeys();
    const load = [
      [wrappingFileOf(stateDirectory), async () => await followWrappingKeys(stateDirectory)()],
      [signingFileOf(stateDirectory), async () => await loadLedgerSigner(stateDirectory, primitives)],
    ] as const;
    for (const [file, read] of load) {
      chmodSync(file, mode);
      await expect(read()).rejects.toMatchObject({
        code: 'LEDGER_KEYS_INVALID',
        message: expect.stringContaining(`mode ${mode.toString(8)}, wanted 600`) as string,
      });
      chmodSync(file, 0o600);
      await read();
    }
  });

  it('are looked at by doctor, the one that signs where it is', async () => {
    const stateDirectory = await newKeys();
    expect(checkSigningKey({ stateDirectory })).toMatchObject({ state: 'ok', fix: null });
    chmodSync(signingFileOf(stateDirectory), 0o644);
    expect(checkSigningKey({ stateDirectory })).toMatchObject({
      state: 'problem',
      fix: 'chmod 600 keys/ledger-signing.json in the state directory',
    });
    expect(checkSigningKey({ stateDirectory: '/nowhere' })).toMatchObject({ state: 'ok', fix: null });
  });
});

describe('the file of trusted keys', () => {
  it('keeps one key a line where a person left the last line without its end', async () => {
    const stateDirectory = await newKeys();
    const auditDirectory = join(stateDirectory, 'audit');
    const file = join(auditDirectory, 'trusted-keys');
    const other = (await readVerifierKeys({ stateDirectory: await newKeys() })).trim();
    mkdirSync(auditDirectory);
    writeFileSync(file, '# of before\n');
    appendFileSync(file, other);
    for (const _ of [1, 2]) await writeTrustedKeys({ stateDirectory, auditDirectory });
    const lines = keyLines(readFileSync(file, 'utf8'));
    expect(lines).toEqual([other, (await readVerifierKeys({ stateDirectory })).trim()]);
    expect(lines.filter((line) => typeof parseVerifierKey(primitives, line) === 'string')).toEqual([]);
  });
});
