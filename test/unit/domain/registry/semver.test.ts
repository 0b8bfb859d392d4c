import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareVersions,
  isSameVersion,
  parseVersion,
  sortKeyOf,
  type SemanticVersion,
} from '../../../../domain/registry/semver.ts';

const parse = (text: string): SemanticVersion => {
  const version = parseVersion(text);
  if (version === null) throw new Error(`${text} is no version`);
  return version;
};
const order = (a: SemanticVersion, b: SemanticVersion) => Math.sign(compareVersions(a, b));
const keyOrder = (a: SemanticVersion, b: SemanticVersion) =>
  Buffer.compare(Buffer.from(sortKeyOf(a)), Buffer.from(sortKeyOf(b)));

const identifier = fc.stringMatching(/^(0|[1-9]\d{0,4}|\d{0,2}[a-zA-Z-][0-9a-zA-Z-]{0,4})$/);
const number = fc.oneof(fc.nat({ max: 20 }).map(String), fc.bigInt({ min: 0n, max: 10n ** 30n }).map(String));
const versions = fc
  .tuple(number, number, number, fc.array(identifier, { maxLength: 4 }), fc.option(identifier))
  .map(([major, minor, patch, prerelease, build]) => {
    const tail = prerelease.length === 0 ? '' : `-${prerelease.join('.')}`;
    return parse(`${major}.${minor}.${patch}${tail}${build === null ? '' : `+${build}`}`);
  });

describe('a version', () => {
  it.each([
    '0.0.4',
    '1.2.3',
    '10.20.30',
    '1.1.2-prerelease+meta',
    '1.1.2+meta',
    '1.1.2+meta-valid',
    '1.0.0-alpha',
    '1.0.0-alpha.beta.1',
    '1.0.0-alpha0.valid',
    '1.0.0-alpha.0valid',
    '1.0.0-rc.1+build.1',
    '1.2.3----RC-SNAPSHOT.12.9.1--.12+788',
    '2.0.0+build.1848',
    '1.0.0+0.build.1-rc.10000aaa-kk-0.1',
    '99999999999999999999999.999999999999999999.99999999999999999',
    '1.0.0-0A.is.legal',
    '1.0.0-0',
    '1.0.0--',
  ])('is %s', (text) => {
    expect(parse(text).text).toBe(text);
    expect(parse(`v${text}`), 'a v before it is dropped').toEqual(parse(text));
  });

  it.each([
    '',
    '1',
    '1.2',
    '1.2.3-',
    '1.2.3+',
    '1.2.3-0123',
    '1.2.3-0123.0123',
    '1.1.2+.123',
    '+invalid',
    '-invalid',
    'alpha',
    '1.0.0-alpha_beta',
    '1.0.0-alpha..1',
    '01.1.1',
    '1.01.1',
    '1.1.01',
    '1.2.3.DEV',
    '1.2-SNAPSHOT',
    '1.2.31.2.3',
    '1.1.2+a+b',
    'vv1.2.3',
    'V1.2.3',
    ' 1.2.3',
    '1.2.3 ',
    '1.2.3\n',
    '1.2.3-\u00e4',
    '-1.0.3',
    '~1.2.3',
    `1.2.3-${'a'.repeat(250)}`,
    '1.2.x',
  ])('is not %j', (text) => expect(parseVersion(text)).toBeNull());
});

describe('precedence', () => {
  it('is that of the specification', () => {
    const rising = [
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
      '2.0.0',
      '2.1.0',
      '2.1.1',
      '2.1.10',
      '10.0.0',
    ].map(parse);
    for (const [at, low] of rising.entries())
      for (const [other, high] of rising.entries()) {
        expect(order(low, high), `${low.text} to ${high.text}`).toBe(Math.sign(at - other));
        expect(keyOrder(low, high), `keys of ${low.text} and ${high.text}`).toBe(Math.sign(at - other));
      }
  });

  it('compares numbers that no floating point number holds', () =>
    expect(order(parse('9007199254740993.0.0'), parse('9007199254740992.0.0'))).toBe(1));

  it('says nothing about build metadata', () => {
    expect(order(parse('1.0.0+a'), parse('1.0.0+b'))).toBe(0);
    expect(sortKeyOf(parse('1.0.0+a'))).toBe(sortKeyOf(parse('1.0.0')));
  });

  it('is the order of the keys, byte by byte, whatever the versions', () => {
    fc.assert(
      fc.property(versions, versions, (a, b) => {
        expect(keyOrder(a, b)).toBe(order(a, b));
        expect(order(b, a)).toBe(0 - order(a, b));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('two names', () => {
  it.each([
    ['1.1.0', '1.1.0'],
    ['v1.1.0', '1.1.0'],
    ['1.1.0+build.7', 'v1.1.0+build.8'],
    ['2026-11-27', '2026-11-27'],
  ])('%s and %s are of one version', (a, b) => {
    expect([isSameVersion(a, b), isSameVersion(b, a)]).toEqual([true, true]);
  });

  it.each([
    ['1.1.0', '1.1.0-rc.1'],
    ['1.1.0', '1.1'],
    ['1.10.0', '1.1.0'],
    ['main', 'next'],
    ['v1', '1'],
  ])('%s and %s are not', (a, b) => {
    expect([isSameVersion(a, b), isSameVersion(b, a)]).toEqual([false, false]);
  });
});
