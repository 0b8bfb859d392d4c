import { describe, expect, it } from 'vitest';
import { newDataKey, openPayload, sealPayload } from '../../../../adapters/crypto/envelope.ts';

describe('a sealed payload', () => {
  const key = newDataKey();
  const place = { origin: 'log/dev', sequence: 7, keyId: '3' };
  const text = '{"reason":"words"}';
  const { bytes, salt } = sealPayload(key, place, text);

  it('opens where it was sealed, with the salt of its commitment', () => {
    expect(openPayload(key, place, bytes)).toEqual({ text, salt });
  });

  it.each([
    ['beside another event', { ...place, sequence: 8 }],
    ['in another log', { ...place, origin: 'log/production' }],
    ['under another key of the subject', { ...place, keyId: '4' }],
  ])('does not open %s, though the key is the same', (_, elsewhere) => {
    expect(() => openPayload(key, elsewhere, bytes)).toThrow(/authenticate/);
  });

  it('does not open with another key, nor when a bit of it has changed', () => {
    expect(() => openPayload(newDataKey(), place, bytes)).toThrow(/authenticate/);
    for (const at of [0, 12, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => openPayload(key, place, changed), `byte ${at}`).toThrow(/authenticate/);
    }
  });

  it('has the same salt for the same event only', () => {
    expect(sealPayload(key, { ...place, sequence: 8 }, text).salt).not.toEqual(salt);
    expect(sealPayload(key, place, text).salt).toEqual(salt);
  });
});
