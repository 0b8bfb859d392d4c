import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEnvironmentWrappingKeys } from '../../../../adapters/crypto/environment-wrapping-keys.ts';
import { newDataKey } from '../../../../adapters/crypto/envelope.ts';
import { createFileWrappingKeys } from '../../../../adapters/crypto/file-wrapping-keys.ts';
import { ensureLedgerKeys, wrappingFileOf } from '../../../../adapters/crypto/ledger-keys.ts';
import { parseWrappingKeyList } from '../../../../domain/governance/wrapping-key-list.ts';
import { itKeepsKeys } from '../../../support/wrapping-keys-contract.ts';

const newState = (): string => mkdtempSync(join(tmpdir(), 'mlops-keys-'));
const listed = (id: string): string => `${id}:${randomBytes(32).toString('base64')}`;
const ORDER = { origin: 'log/dev', subject: 'principal:1' };

describe('wrapping keys in a file', () => {
  itKeepsKeys(async () => {
    const state = newState();
    await ensureLedgerKeys(state, 'dev');
    return { open: () => createFileWrappingKeys(state), prepareNext: async () => await Promise.resolve() };
  });

  it('can wait until every machine has them', async () => {
    const state = newState();
    await ensureLedgerKeys(state, 'dev');
    const keys = createFileWrappingKeys(state);
    const first = await keys.active();
    const waiting = await keys.addWaiting();
    expect([await keys.active(), await keys.foreseeNext()]).toEqual([first, waiting]);
    expect(readFileSync(wrappingFileOf(state), 'utf8')).toContain(waiting);
  });
});

describe('wrapping keys of the environment', () => {
  itKeepsKeys(async () => {
    const state = newState();
    const env = { MLOPS_WRAPPING_KEYS: listed('e1') };
    return await Promise.resolve({
      open: () => createEnvironmentWrappingKeys(state, env),
      prepareNext: async () => {
        env.MLOPS_WRAPPING_KEYS = `${listed('e2')}, ${env.MLOPS_WRAPPING_KEYS}`;
        await Promise.resolve();
      },
    });
  });

  it('open what the file wrapped before', async () => {
    const state = newState();
    await ensureLedgerKeys(state, 'dev');
    const key = newDataKey();
    const before = await createFileWrappingKeys(state)
      .dataKeys('ledger_key')
      .wrap({ ...ORDER, key });
    const keys = createEnvironmentWrappingKeys(state, { MLOPS_WRAPPING_KEYS: listed('e1') });
    expect(await keys.dataKeys('ledger_key').unwrap({ ...ORDER, ...before })).toEqual(key);
    const anew = await keys.dataKeys('ledger_key').rewrap({ ...ORDER, ...before });
    expect(anew.wrappingKey).toBe('e1');
  });

  it('are refused when there are none, when they are none, and when a program is to add to them', async () => {
    const state = newState();
    for (const value of [
      undefined,
      '',
      'k1',
      `k1:${randomBytes(31).toString('base64')}`,
      `${listed('a')},${listed('a')}`,
    ])
      expect(() => createEnvironmentWrappingKeys(state, { MLOPS_WRAPPING_KEYS: value })).toThrow(
        expect.objectContaining({ code: 'WRAPPING_KEYS_INVALID' }),
      );
    const secret = listed('k1');
    const keys = createEnvironmentWrappingKeys(state, { MLOPS_WRAPPING_KEYS: secret });
    await expect(keys.addWaiting()).rejects.toMatchObject({ code: 'KEY_ROTATION_REFUSED' });
    expect(() => createEnvironmentWrappingKeys(state, { MLOPS_WRAPPING_KEYS: `${secret}?` })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining(secret.slice(3, 20)) }),
    );
  });
});

describe('parseWrappingKeyList()', () => {
  it('takes exactly the base64 of 32 bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 30, maxLength: 34 }), (bytes) => {
        const base64 = Buffer.from(bytes).toString('base64');
        expect(parseWrappingKeyList(`k:${base64}`)).toEqual(bytes.length === 32 ? [{ id: 'k', base64 }] : null);
      }),
    );
  });
});
