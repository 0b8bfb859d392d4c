import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadOmsKeys } from '../../../../adapters/artifacts/oms-keys.ts';
import { omsPrimitives } from '../../../../adapters/artifacts/oms-primitives.ts';
import type { ManifestFile } from '../../../../domain/registry/folder-manifest.ts';
import { parseOmsSignature, preAuthenticationEncoding, type OmsSignature } from '../../../../domain/registry/oms.ts';
import { assembleSignedFiles, isSignedByList, judgeSignedFiles } from '../../../../domain/registry/oms-files.ts';
import type { OmsStatement } from '../../../../domain/registry/oms-statement.ts';

const FIXTURES = join(import.meta.dirname, '../../../fixtures/oms');
const read = (name: string): string => readFileSync(join(FIXTURES, name), 'utf8');
const FILES = readdirSync(join(FIXTURES, 'model'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => {
    const path = join(entry.parentPath, entry.name);
    const content = readFileSync(path);
    const sha256 = createHash('sha256').update(content).digest('hex');
    return { path: relative(join(FIXTURES, 'model'), path), bytes: content.length, sha256 };
  });

type Bundle = Record<string, Record<string, unknown>> & { mediaType: unknown };
type Statement = Record<string, Record<string, unknown>> & { subject: unknown; _type: unknown; predicateType: unknown };

function parsed(text: string): OmsSignature {
  const signature = parseOmsSignature(omsPrimitives, text);
  if ('problem' in signature) throw new Error(signature.problem);
  return signature;
}

function hintOf({ material }: OmsSignature): string | null {
  return material.kind === 'key' ? material.hint : null;
}

/** What is wrong with files whose whole content was signed by SHA-256. */
function judgeFiles(statement: OmsStatement, files: readonly ManifestFile[]): string | null {
  expect(isSignedByList(statement)).toBe(true);
  const signed = assembleSignedFiles(statement, files);
  if ('problem' in signed) return signed.problem;
  return judgeSignedFiles(signed.map((one) => ({ signed: one, digests: [one.file.sha256] })));
}

/** The problem with a bundle that was changed. */
function problemOf(change: (bundle: Bundle, statement: Statement) => void, name = 'p256.sig'): string | null {
  const bundle = JSON.parse(read(name)) as Bundle;
  const envelope = bundle['dsseEnvelope'] ?? {};
  const statement = JSON.parse(Buffer.from(String(envelope['payload']), 'base64').toString()) as Statement;
  const before = JSON.stringify(statement);
  change(bundle, statement);
  if (JSON.stringify(statement) !== before)
    envelope['payload'] = Buffer.from(JSON.stringify(statement)).toString('base64');
  const answer = parseOmsSignature(omsPrimitives, JSON.stringify(bundle));
  return 'problem' in answer ? answer.problem : null;
}

describe('a signature by the reference implementation', () => {
  it.each(['p256', 'p384', 'p521'])('is right by its key %s and no other, and fits its folder', async (name) => {
    const signature = parsed(read(`${name}.sig`));
    const keys = await loadOmsKeys(['p256', 'p384', 'p521'].map((key) => join(FIXTURES, `${key}.pub`)));
    expect(keys.filter((key) => key.verify(signature)).map(({ hint }) => hint)).toEqual([hintOf(signature)]);
    expect(judgeFiles(signature.statement, FILES)).toBeNull();
  });

  it('says what it does not cover', () => {
    const { statement } = parsed(read('with-ignored.sig'));
    expect(statement.ignoredPaths).toContain('.hidden');
    const others = FILES.map((file) => (file.path === '.hidden' ? { ...file, sha256: '0'.repeat(64) } : file));
    expect(judgeFiles(statement, others)).toBeNull();
    const git = { path: '.git/config', bytes: 1, sha256: '0'.repeat(64) };
    expect(judgeFiles(statement, [...FILES, git, { ...git, path: 'model.sig' }])).toBeNull();
    expect(judgeFiles(statement, [...FILES, { ...git, path: '.gitx' }])).toBe('file .gitx is not signed');
  });

  it('is not right when any byte of what was signed has changed', async () => {
    const signature = parsed(read('p256.sig'));
    const [key] = await loadOmsKeys([join(FIXTURES, 'p256.pub')]);
    for (let at = 0; at < signature.signed.length; at += 37) {
      const signed = Uint8Array.from(signature.signed);
      signed[at] = (signed[at] ?? 0) ^ 1;
      expect(key?.verify({ ...signature, signed })).toBe(false);
    }
    const cut = { ...signature, signature: signature.signature.subarray(0, -1) };
    expect(key?.verify(cut)).toBe(false);
  });
});

describe('what was signed of files', () => {
  const { statement } = parsed(read('p256.sig'));
  const [first = { path: '', bytes: 0, sha256: '' }, ...rest] = FILES;

  it('finds a file that was changed, added, renamed or removed', () => {
    expect(judgeFiles(statement, [{ ...first, sha256: 'f'.repeat(64) }, ...rest])).toBe(
      `file ${first.path} is not the one that was signed`,
    );
    expect(judgeFiles(statement, [...FILES, { ...first, path: 'new' }])).toBe('file new is not signed');
    expect(judgeFiles(statement, [{ ...first, path: 'new' }, ...rest])).toBe('file new is not signed');
    expect(judgeFiles(statement, rest)).toBe(`file ${first.path} was signed and is missing`);
  });
});

describe('what was signed of parts of files', () => {
  const { statement } = parsed(read('contents/shards.sig'));
  const file = (path: string, bytes: number): ManifestFile => ({ path, bytes, sha256: '0'.repeat(64) });
  const files = [
    file('.hidden', 6),
    file('config.json', 10),
    file('sub/b c.txt', 1000),
    file('weights.bin', 1000),
    file('model.sig', 99),
  ];
  const problemWith = (...changed: ManifestFile[]): string | null => {
    const signed = assembleSignedFiles(statement, changed);
    return 'problem' in signed ? signed.problem : null;
  };

  it('is found of each file, from its first byte to its last', () => {
    expect(isSignedByList(statement)).toBe(false);
    const signed = assembleSignedFiles(statement, files);
    if ('problem' in signed) throw new Error(signed.problem);
    expect(signed.map(({ file: { path }, parts }) => [path, ...parts.flatMap(({ from, to }) => [from, to])])).toEqual([
      ['.hidden', 0, 6],
      ['config.json', 0, 10],
      ['sub/b c.txt', 0, 300, 300, 600, 600, 900, 900, 1000],
      ['weights.bin', 0, 300, 300, 600, 600, 900, 900, 1000],
    ]);
  });

  it('fits no file that is longer, shorter, empty, more or missing', () => {
    const [first = file('', 0), ...rest] = files;
    expect(problemWith(...rest)).toBe('part .hidden:0:6 was signed and is missing');
    expect(problemWith(...rest, file('.hidden', 7))).toBe('file .hidden is not signed from byte 0 to 7');
    const longer = files.map((one) => (one.path === 'weights.bin' ? file('weights.bin', 1200) : one));
    expect(problemWith(...longer)).toBe('file weights.bin is not signed from byte 900 to 1200');
    const shorter = files.map((one) => (one.path === 'weights.bin' ? file('weights.bin', 900) : one));
    expect(problemWith(...shorter)).toBe('part weights.bin:900:1000 was signed and is missing');
    expect(problemWith(first, ...rest, file('new', 6))).toBe('file new is not signed from byte 0 to 6');
    expect(problemWith(first, ...rest, file('new', 0))).toMatch(/file new is empty, of which a signature over shards/);
  });

  it('may be by BLAKE2b, not by BLAKE3', () => {
    expect(parsed(read('contents/blake2.sig')).statement).toMatchObject({ hash: 'blake2b', shardBytes: null });
    expect(parsed(read('contents/blake2-shards.sig')).statement).toMatchObject({ hash: 'blake2b', shardBytes: 300 });
    expect(problemOf(() => undefined, 'contents/blake3.sig')).toMatch(/over files by blake3, supported are/);
  });
});

describe('parseOmsSignature()', () => {
  it.each<[string, (bundle: Bundle, statement: Statement) => void, RegExp | null]>([
    ['nothing', () => undefined, null],
    ['another media type', (bundle) => (bundle.mediaType = 'application/json'), /not a Sigstore bundle/],
    ['no material', (bundle) => (bundle['verificationMaterial'] = {}), /by one key, one certificate or one chain/],
    [
      'two materials',
      (bundle) => {
        bundle['verificationMaterial'] = { ...bundle['verificationMaterial'], certificate: { rawBytes: 'AA==' } };
      },
      /by one key, one certificate or one chain/,
    ],
    [
      'a chain of nothing',
      (bundle) => (bundle['verificationMaterial'] = { x509CertificateChain: { certificates: [] } }),
      /its chain of certificates/,
    ],
    [
      'a chain of no base64',
      (bundle) => (bundle['verificationMaterial'] = { x509CertificateChain: { certificates: [{ rawBytes: '*' }] } }),
      /its chain of certificates/,
    ],
    ['another payload type', (bundle) => ((bundle['dsseEnvelope'] ?? {})['payloadType'] = 'text/plain'), /not of type/],
    [
      'two signatures',
      (bundle) => ((bundle['dsseEnvelope'] ?? {})['signatures'] = [{ sig: 'AA==' }, { sig: 'AA==' }]),
      /more than one signature/,
    ],
    ['no signature', (bundle) => ((bundle['dsseEnvelope'] ?? {})['signatures'] = []), /must be base64/],
    ['no base64', (bundle) => ((bundle['dsseEnvelope'] ?? {})['payload'] = '*'), /must be base64/],
    ['another statement', (_bundle, statement) => (statement['_type'] = 'x'), /not an in-toto statement/],
    [
      'another predicate',
      (_bundle, statement) => (statement['predicateType'] = 'https://slsa.dev/provenance/v1'),
      /its predicate is/,
    ],
    [
      'the predicate of an older release',
      (_bundle, statement) => (statement['predicateType'] = 'https://model_signing/Digests/v0.1'),
      /a release of model-signing before 1\.0 made it; sign again/,
    ],
    [
      'another way to cut',
      (_bundle, statement) =>
        ((statement['predicate'] ?? {})['serialization'] = { method: 'tensors', hash_type: 'sha256' }),
      /over tensors by sha256, supported are files and shards by sha256 or blake2b/,
    ],
    [
      'shards without a size',
      (_bundle, statement) =>
        ((statement['predicate'] ?? {})['serialization'] = { method: 'shards', hash_type: 'sha256' }),
      /its shards have undefined bytes/,
    ],
    [
      'shards of nothing',
      (_bundle, statement) =>
        ((statement['predicate'] ?? {})['serialization'] = { method: 'shards', hash_type: 'sha256', shard_size: 0 }),
      /its shards have 0 bytes/,
    ],
    [
      'shards whose digests are of files',
      (_bundle, statement) =>
        ((statement['predicate'] ?? {})['serialization'] = { method: 'shards', hash_type: 'sha256', shard_size: 9 }),
      /list of files is not valid/,
    ],
    [
      'another digest of all',
      (_bundle, statement) => (statement.subject = [{ name: 'model', digest: { sha256: '0'.repeat(64) } }]),
      /its digest is not that of its list/,
    ],
    ['no subject', (_bundle, statement) => (statement.subject = []), /its digest is not that of its list/],
    [
      'no files',
      (_bundle, statement) => ((statement['predicate'] ?? {})['resources'] = []),
      /list of files is not valid/,
    ],
    [
      'a file twice',
      (_bundle, statement) => {
        const resources = (statement['predicate'] ?? {})['resources'] as unknown[];
        resources.push(resources[0]);
      },
      /names a file twice/,
    ],
  ])('refuses what has %s', (_what, change, problem) => {
    const found = problemOf(change);
    if (problem === null) expect(found).toBeNull();
    else expect(found).toMatch(problem);
  });

  it('takes no text for a signature', () => {
    for (const text of ['', 'null', '[]', '{}', '"x"', '{"mediaType":1}'])
      expect(parseOmsSignature(omsPrimitives, text)).toHaveProperty('problem');
  });

  it("digests as the specification's example does", () => {
    const parts = [
      'bc9a717db6064a32cbe9eae6fc40651dd6d36ef1757183f590eff2b1765d7ebc',
      '32dcb1f8e1ae52d5963e56a6ba06ab58b424c15ed2a6b70d2feca1d089370028',
    ];
    expect(omsPrimitives.sha256(parts.map((part) => omsPrimitives.fromHex(part)))).toBe(
      '92745110b1ab4368471cbe31664e10174e954b113a3df333db860317b2c6dec4',
    );
  });

  it("encodes as DSSE's example does", () => {
    const encoded = preAuthenticationEncoding('http://example.com/HelloWorld', Buffer.from('hello world'));
    expect(Buffer.from(encoded).toString()).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world');
  });
});
