import { describe, expect, it } from 'vitest';
import { hasMailAddress } from '../../../domain/mail-address.ts';

describe('a mail address', () => {
  it.each(['ada@example.org', 'mail ada@example.org now', 'x/ada.l+tag@mail.example.co.uk', 'ada@163.com'])(
    'is in %s',
    (text) => {
      expect(hasMailAddress(text)).toBe(true);
    },
  );

  it.each([
    'rag_api@2.1.0',
    'rag_api@v2.1.0-rc.beta',
    'org/model@main',
    'wiki@2026.10',
    '@example.org',
    'ada at example.org',
  ])('is not in %s', (text) => {
    expect(hasMailAddress(text)).toBe(false);
  });
});
