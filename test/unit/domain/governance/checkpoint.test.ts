import { describe, expect, it } from 'vitest';
import { checkNote, formatNote, parseNote } from '../../../../domain/governance/checkpoint.ts';
import { noteOf, ORIGIN, primitives, testKey } from '../../../support/ledger.ts';

const KEY = testKey(1);
const NOTE = noteOf([], KEY);
const [ORIGIN_LINE = '', SIZE = '', ROOT = '', , SIGNATURE = ''] = NOTE.split('\n');
const rootOf = (bytes: number) => Buffer.alloc(bytes, 7).toString('base64');
/** A note of these lines, and as many signatures. */
const note = (lines: readonly string[], signatures = 1): string =>
  `${[...lines, '', ...Array.from({ length: signatures }, () => SIGNATURE)].join('\n')}\n`;
const body = (change: Partial<Record<'origin' | 'size' | 'root', string>> = {}): string[] => [
  change.origin ?? ORIGIN_LINE,
  change.size ?? SIZE,
  change.root ?? ROOT,
];

describe('a note', () => {
  it('is read as it was written, with 1 to 16 signatures', () => {
    for (const signatures of [1, 16])
      expect(parseNote(primitives, note(body(), signatures))?.signatures).toHaveLength(signatures);
    expect(parseNote(primitives, NOTE)).toMatchObject({ checkpoint: { origin: ORIGIN, size: 0 } });
    expect(parseNote(primitives, note(body({ size: '9007199254740991' })))?.checkpoint.size).toBe(2 ** 53 - 1);
  });

  it.each([
    ['without its last LF', NOTE.slice(0, -1)],
    ['without a signature', note(body(), 0)],
    ['with 17 signatures', note(body(), 17)],
    ['with a root of 31 bytes', note(body({ root: rootOf(31) }))],
    ['with a root of 33 bytes', note(body({ root: rootOf(33) }))],
    ['with a root that is no base64', note(body({ root: 'root' }))],
    ['with a line of an extension', note([...body(), 'more'])],
    ['without the line between', `${body().join('\n')}\n${SIGNATURE}\n`],
    ['with a leading zero', note(body({ size: '00' }))],
    ['with a size below zero', note(body({ size: '-1' }))],
    ['with no size', note(body({ size: '' }))],
    ['with a size that no number keeps', note(body({ size: '9007199254740993' }))],
    ['of a log without a name', note(body({ origin: '' }))],
    ['of a name with a blank', note(body({ origin: 'a log' }))],
    ['with lines of another system', NOTE.replaceAll('\n', '\r\n')],
    ['with another dash', NOTE.replace('\u2014', '-')],
    ['with more in the line of a signature', `${NOTE.slice(0, -1)} more\n`],
    ['with a signature that is a key id alone', NOTE.replace(/\S+\n$/, 'AAAAAA==\n')],
    ['with one line that is no signature among others', `${NOTE}no signature\n`],
    ['that is nothing', ''],
  ])('%s is none', (_, text) => expect(parseNote(primitives, text)).toBeNull());

  it('counts who of those that are trusted has signed, each once, and is worth nothing where one of them has not', () => {
    const [second, stranger] = [testKey(2), testKey(3)];
    const text = `${body().join('\n')}\n`;
    const signed = (...keys: readonly { readonly key: typeof KEY; readonly by?: typeof KEY }[]) => {
      const signatures = keys.map(({ by, key }) => ({ key, signature: (by ?? key).sign(text) }));
      const read = parseNote(primitives, formatNote(primitives, text, signatures));
      if (read === null) throw new Error('no note');
      return checkNote(primitives, read, [KEY, second]);
    };
    const labelOf = ({ id, name }: typeof KEY) => `${name}+${id}`;
    expect(signed({ key: KEY }, { key: stranger })).toEqual({ signedBy: [labelOf(KEY)], problem: null });
    expect(signed({ key: KEY }, { key: second }, { key: KEY }).signedBy).toEqual([labelOf(KEY), labelOf(second)]);
    expect(signed({ key: stranger }).problem?.code).toBe('KEY_UNKNOWN');
    expect(signed({ key: KEY }, { key: second, by: stranger }), 'though another has').toMatchObject({
      signedBy: [],
      problem: { code: 'SIGNATURE' },
    });
  });
});
