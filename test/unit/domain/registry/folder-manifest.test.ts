import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  assembleManifest,
  parseManifest,
  pathProblem,
  type ManifestFile,
} from '../../../../domain/registry/folder-manifest.ts';

const SHA = 'ab'.repeat(32);
const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
  .filter((part) => pathProblem(part) === null && !part.includes('/'));
const files = fc
  .uniqueArray(
    fc.record({
      // One depth for all: no file is a folder too.
      path: fc.tuple(name, name).map((parts) => parts.join('/')),
      bytes: fc.nat(),
      sha256: fc.stringMatching(/^[0-9a-f]{64}$/),
    }),
    { selector: ({ path }) => path, minLength: 1 },
  )
  .map((list) => list as ManifestFile[]);

describe('the manifest of a folder', () => {
  it('has the published form', () => {
    const text = assembleManifest([
      { path: 'weights.bin', bytes: 12, sha256: SHA },
      { path: 'a b/ü', bytes: 0, sha256: SHA },
    ]);
    expect(text).toBe(`durable-mlops-folder/1\n${SHA} 0 a b/ü\n${SHA} 12 weights.bin\n`);
  });

  it('is the same text in whatever order the files come, and is read as what it was made of', () => {
    fc.assert(
      fc.property(files, fc.infiniteStream(fc.nat()), (list, order) => {
        const text = assembleManifest(list);
        const shuffled = list
          .map((file) => ({ file, at: order.next().value ?? 0 }))
          .toSorted((a, b) => a.at - b.at)
          .map(({ file }) => file);
        expect(assembleManifest(shuffled)).toBe(text);
        const parsed = parseManifest(text);
        expect('problem' in parsed ? parsed : new Set(parsed)).toEqual(new Set(list));
      }),
    );
  });

  it('sorts as the bytes of UTF-8 do', () => {
    fc.assert(
      fc.property(files, (list) => {
        const parsed = parseManifest(assembleManifest(list));
        const paths = 'problem' in parsed ? [] : parsed.map(({ path }) => path);
        expect(paths).toEqual(
          list.map(({ path }) => path).toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
        );
      }),
    );
    // Above the surrogates in code points, below them in UTF-16.
    expect(assembleManifest(['\u{1F600}', '\uFF21'].map((path) => ({ path, bytes: 1, sha256: SHA })))).toMatch(
      /\uFF21[^]*\u{1F600}/u,
    );
  });

  it.each([
    ['../x', /must be a name/],
    ['a/../../x', /must be a name/],
    ['/etc/passwd', /must be a name/],
    ['a//b', /must be a name/],
    ['a/', /must be a name/],
    ['./a', /must be a name/],
    ['a\\b', /backslash/],
    ['a\u0007', /control/],
    ['a\u007F', /control/],
    ['x'.repeat(1025), /1025 characters/],
    ['\uD800', /Unicode/],
    ['\uFFFD', /Unicode/],
  ])('refuses the path %j', (path, problem) => {
    const parsed = parseManifest(`durable-mlops-folder/1\n${SHA} 1 ${path}\n`);
    expect('problem' in parsed && parsed.problem).toMatch(problem);
  });

  it.each([
    ['another beginning', `durable-mlops-folder/2\n${SHA} 1 a\n`],
    ['no line end', `durable-mlops-folder/1\n${SHA} 1 a`],
    ['another order', `durable-mlops-folder/1\n${SHA} 1 b\n${SHA} 1 a\n`],
    ['a path twice', `durable-mlops-folder/1\n${SHA} 1 a\n${SHA} 1 a\n`],
    ['a file that is a folder', `durable-mlops-folder/1\n${SHA} 1 a\n${SHA} 1 a/b\n`],
    ['a number in another form', `durable-mlops-folder/1\n${SHA} 01 a\n`],
    ['a digest that is none', `durable-mlops-folder/1\n${SHA.toUpperCase()} 1 a\n`],
    ['a number that is too large', `durable-mlops-folder/1\n${SHA} 9999999999999999 a\n`],
    ['more than one blank', `durable-mlops-folder/1\n${SHA}  1 a\n`],
    ['an empty line', `durable-mlops-folder/1\n\n${SHA} 1 a\n`],
  ])('refuses %s', (_what, text) => {
    expect(parseManifest(text)).toHaveProperty('problem');
  });
});
