import { expect, it } from 'vitest';
import { isKeepable, keepable } from '../../../domain/keepable-text.ts';

it('knows what neither evidence nor the database can hold', () => {
  expect(['', 'ä 😀', '\uFFFD', '\t'].every(isKeepable)).toBe(true);
  expect(['\u0000', '\uD83D', '\uDE00\uD83D'].some(isKeepable)).toBe(false);
});

it('makes of any JSON what can be kept, names of members too, and leaves the rest as it is', () => {
  const when = new Date(0);
  expect(keepable({ 'a\u0000': ['x\uD83D', { deep: '\u0000' }], n: 1, no: null, when, not: undefined })).toStrictEqual({
    'a\uFFFD': ['x\uFFFD', { deep: '\uFFFD' }],
    n: 1,
    no: null,
    when,
    not: undefined,
  });
});
