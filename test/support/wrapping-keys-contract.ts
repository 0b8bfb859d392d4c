// What every place for wrapping keys must do. Run for each of them.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createArtifactStore } from '../../adapters/artifacts/create-store.ts';
import { createFilePlace } from '../../adapters/artifacts/file-place.ts';
import { rewrapObjects } from '../../adapters/artifacts/rewrap-objects.ts';
import { newDataKey } from '../../adapters/crypto/envelope.ts';
import type { WrappingKeys } from '../../adapters/crypto/wrapping-keys.ts';
import { contentOf, fileWith, noSignatures } from './artifacts.ts';

/** A place as one program opens it, and how its keys become others. */
export interface KeysUnderTest {
  open(): WrappingKeys;
  /** Does what a person does beside `foreseeNext` and `useNext`. */
  prepareNext(): Promise<void>;
}

const ORDER = { origin: 'log/dev', subject: 'principal:1' };

export function itKeepsKeys(make: () => Promise<KeysUnderTest>): void {
  const rotate = async (under: KeysUnderTest): Promise<string> => {
    await under.prepareNext();
    const keys = under.open();
    const next = await keys.foreseeNext();
    await keys.useNext();
    return next;
  };

  it('opens what it has wrapped, in another program too, and names the key in use', async () => {
    const under = await make();
    const key = newDataKey();
    const wrapped = await under
      .open()
      .dataKeys('ledger_key')
      .wrap({ ...ORDER, key });
    expect(wrapped.wrappingKey).toBe(await under.open().active());
    expect(wrapped.wrapped.includes(key)).toBe(false);
    expect(
      await under
        .open()
        .dataKeys('ledger_key')
        .unwrap({ ...ORDER, ...wrapped }),
    ).toEqual(key);
  });

  it('opens nothing for another log, subject or purpose, nor what was changed', async () => {
    const under = await make();
    const keys = under.open().dataKeys('ledger_key');
    const wrapped = await keys.wrap({ ...ORDER, key: newDataKey() });
    const refusal = expect.objectContaining({ code: 'LEDGER_KEY_UNREADABLE', cause: expect.any(Error) });
    await expect(keys.unwrap({ ...ORDER, ...wrapped, origin: 'log/production' })).rejects.toEqual(refusal);
    await expect(keys.unwrap({ ...ORDER, ...wrapped, subject: 'principal:2' })).rejects.toEqual(refusal);
    await expect(
      under
        .open()
        .dataKeys('artifact')
        .unwrap({ ...ORDER, ...wrapped }),
    ).rejects.toEqual(refusal);
    for (const at of [0, wrapped.wrapped.length >> 1, wrapped.wrapped.length - 3]) {
      const changed = Buffer.from(wrapped.wrapped);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      await expect(keys.unwrap({ ...ORDER, ...wrapped, wrapped: changed })).rejects.toMatchObject({
        code: 'LEDGER_KEY_UNREADABLE',
      });
    }
  });

  it('says that a key is not there without a cause', async () => {
    const keys = (await make()).open().dataKeys('ledger_key');
    const wrapped = { wrappingKey: 'gone', wrapped: Buffer.alloc(60) };
    const error: unknown = await keys.unwrap({ ...ORDER, ...wrapped }).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: 'LEDGER_KEY_UNREADABLE' });
    expect((error as Error).cause).toBeUndefined();
  });

  it('wraps under the next key after a rotation, opens what was before, and wraps that anew', async () => {
    const under = await make();
    const key = newDataKey();
    const before = await under
      .open()
      .dataKeys('ledger_key')
      .wrap({ ...ORDER, key });
    const next = await rotate(under);
    const keys = under.open().dataKeys('ledger_key');
    expect(next).not.toBe(before.wrappingKey);
    expect(await under.open().active()).toBe(next);
    expect(await keys.unwrap({ ...ORDER, ...before })).toEqual(key);
    const anew = await keys.rewrap({ ...ORDER, ...before });
    expect(anew.wrappingKey).toBe(next);
    expect(await keys.unwrap({ ...ORDER, ...anew })).toEqual(key);
    await expect(keys.unwrap({ ...ORDER, ...anew, wrappingKey: before.wrappingKey })).rejects.toMatchObject({
      code: 'LEDGER_KEY_UNREADABLE',
    });
  });

  it('rotates artifacts by their records alone', async () => {
    const under = await make();
    const root = mkdtempSync(join(tmpdir(), 'mlops-artifacts-'));
    const place = createFilePlace(root, { chunkBytes: 64 });
    const storeOf = () =>
      createArtifactStore({ place, keys: under.open().dataKeys('artifact'), uploads: root, signatures: noSignatures });
    const digests = [];
    for (const content of ['one', 'x'.repeat(500)]) digests.push((await storeOf().put(fileWith(content))).digest);
    const before = contentOf(root);
    const next = await rotate(under);
    expect(await rewrapObjects(place, under.open().dataKeys('artifact'), next)).toBe(2);
    expect(await rewrapObjects(place, under.open().dataKeys('artifact'), next)).toBe(0);
    const after = contentOf(root);
    const changed = Object.keys(after).filter((name) => after[name] !== before[name]);
    expect(changed.map((name) => name.split('/').at(-1))).toEqual(['record.json', 'record.json']);
    expect(Object.keys(after)).toEqual(Object.keys(before));
    for (const digest of digests) expect(await storeOf().verify(digest)).toMatchObject({ ok: true });
  });
}
