import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, parseCanonical } from '../../../../domain/governance/canonical-json.ts';

/** Texts of ledger-format §10. */
const ACCEPTED = [
  '{"":0,"a":[]}',
  '1e+21',
  '1e-7',
  '0.000001',
  '100000000000000000000',
  '9007199254740992',
  '333333333.3333333',
  '5e-324',
  '{"__proto__":1}',
  '{"€":1,"😀":2,"Ａ":3}',
  String.raw`"\u0000\b\u001f/"`,
  '{"10":1,"9":2}',
];
const REFUSED = [
  '{"b":1,"a":2}',
  '{"a":1,"a":1}',
  '{"a": 1}',
  '1.0',
  '-0',
  '1E2',
  '1e21',
  '0.0000001',
  '9007199254740993',
  '1e400',
  'NaN',
  String.raw`"\u0041"`,
  String.raw`"\/"`,
  String.raw`"\u001F"`,
  String.raw`"\ud800"`,
  '{"€":1,"Ａ":3,"😀":2}',
  '{"9":2,"10":1}',
  '',
  '\ufeff1',
];

describe('canonical JSON', () => {
  it.each(ACCEPTED)('takes %s for canonical', (text) => {
    const parsed = parseCanonical(text);
    expect(parsed).not.toBeNull();
    expect(canonicalJson(parsed?.value)).toBe(text);
  });

  it.each(REFUSED)('refuses %s', (text) => {
    expect(parseCanonical(text)).toBeNull();
  });

  it('writes what the reference implementation writes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(value)).toBe(canonicalize(value));
      }),
      { numRuns: 2000 },
    );
  });

  it('takes a text for canonical when the reference implementation writes it, and only then', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.boolean(), (value, isSorted) => {
        const text = isSorted ? String(canonicalize(value)) : JSON.stringify(value);
        expect(parseCanonical(text) !== null).toBe(canonicalize(JSON.parse(text)) === text);
      }),
      { numRuns: 2000 },
    );
  });

  it('takes a nesting of 64 and refuses 65, however deep it goes', () => {
    expect(parseCanonical(`${'['.repeat(64)}${']'.repeat(64)}`)).not.toBeNull();
    expect(parseCanonical(`${'['.repeat(65)}${']'.repeat(65)}`)).toBeNull();
    expect(parseCanonical(`${'{"a":'.repeat(64)}1${'}'.repeat(64)}`)).not.toBeNull();
    expect(parseCanonical(`${'{"a":'.repeat(65)}1${'}'.repeat(65)}`)).toBeNull();
    expect(parseCanonical(`${'['.repeat(1e6)}${']'.repeat(1e6)}`)).toBeNull();
  });

  it.each([
    ['undefined', { a: undefined }],
    ['NaN', [Number.NaN]],
    ['an infinity', Number.POSITIVE_INFINITY],
    ['a date', { at: new Date(0) }],
    ['a map', new Map([['a', 1]])],
    ['half of a surrogate pair', '\ud800'],
    ['half of a surrogate pair as a name', { '\udc00': 1 }],
    ['a hole', Array.from({ length: 2 }).concat(1).slice(0, 2)],
    ['a function', { toJSON: () => 1 }],
    ['a bigint', 1n],
  ])('throws for %s instead of dropping it', (_name, value) => {
    expect(() => canonicalJson(value)).toThrow(TypeError);
  });
});
