import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createPrimitives } from '../../../../adapters/crypto/primitives.ts';
import { readFileLines } from '../../../../adapters/ledger/file-lines.ts';
import { parseConsistencyProof, type ConsistencyProof } from '../../../../domain/governance/consistency-proof.ts';
import { createExportVerifier, type ExportCheck } from '../../../../domain/governance/verify-export.ts';
import { formatVerifierKey, parseVerifierKey, type VerifierKey } from '../../../../domain/governance/verifier-key.ts';

/** The file, the notes and the key that ledger-format §10 prints. */
const fixture = (name: string) => readFileSync(new URL(`../../../fixtures/ledger/${name}`, import.meta.url), 'utf8');
const FULL = fixture('full.jsonl');
const [NOTE_OF_2, NOTE_OF_3] = [fixture('size-2.note'), fixture('size-3.note')];
const PROOF_OF_0 = [
  '86f629d5b936ac2a23dced917b53998ee916fa2024fa9e5c09c932f7c32132a3',
  '1b04ab251f7d82b1960fbc0e6483c425089647c6c457012689ac6138beaa1f21',
];
const PROOF_OF_2 = ['3d4af2d1dabb3c4445918b9cfc5f73388c2b008ae697f3c843d83a1b32834792'];

const primitives = createPrimitives();
const KEY = keyOf(fixture('trusted-keys').trim());

function keyOf(text: string): VerifierKey {
  const key = parseVerifierKey(primitives, text);
  if (typeof key === 'string') throw new Error(key);
  return key;
}

async function check(
  file: string | Buffer,
  { keys = [KEY], earlier = [] as string[], proofs = [] as ConsistencyProof[], chunk = Number.POSITIVE_INFINITY } = {},
): Promise<ExportCheck> {
  const verifier = createExportVerifier(primitives, { trustedKeys: keys, earlier, proofs });
  const bytes = Buffer.from(file);
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += chunk) chunks.push(bytes.subarray(at, at + chunk));
  for await (const lines of readFileLines(Readable.from(chunks))) for (const line of lines) verifier.read(line);
  return verifier.finish();
}

/** The export with some lines exchanged for others. Line 0 is the header. */
function edit(change: (lines: string[]) => readonly string[]): string {
  return `${change(FULL.split('\n').slice(0, -1)).join('\n')}\n`;
}

function selection(): string {
  return edit(([header = '', first = '', , third = '']) => [
    header.replace('"events":3', '"events":2').replace('"full"', '"selection"'),
    first.replace('"sequence":0}', `"proof":${JSON.stringify(PROOF_OF_0)},"sequence":0}`),
    third.replace('"sequence":2}', `"proof":${JSON.stringify(PROOF_OF_2)},"sequence":2}`),
  ]);
}

function fail(): never {
  throw new Error('no proof');
}

const codes = ({ problems }: ExportCheck) => problems.map(({ code }) => code);

describe('verification of an export', () => {
  it('finds the published export valid, signed, and with one payload shown', async () => {
    expect(await check(FULL, { earlier: [NOTE_OF_2, NOTE_OF_3] })).toEqual({
      valid: true,
      origin: 'durable-mlops.example/acme/production',
      size: 3,
      rootHash: '9b19162f42788d2527f9884c9516f74a3f24d3af18824f3b4f8a23b027cda064',
      kind: 'full',
      events: 3,
      signedBy: ['durable-mlops.example/acme/production+9535d9b8'],
      payloads: { opened: 1, withheld: 1 },
      firstFailedSequence: null,
      problems: [],
    });
  });

  it.each([1, 7, 1000])('says the same however the bytes arrive: %i at a time', async (chunk) => {
    expect(await check(FULL, { chunk })).toEqual(await check(FULL));
  });

  it('is unproven, not wrong, without a trusted key', async () => {
    expect(await check(FULL, { keys: [] })).toMatchObject({ valid: true, signedBy: [] });
  });

  it('takes a selection with its proofs, and the empty log', async () => {
    expect(Buffer.byteLength(selection().replace(/"payload".*?"salt":".*?",/, ''))).toBe(1586);
    expect(await check(selection())).toMatchObject({ valid: true, kind: 'selection', events: 2 });
  });

  it.each([
    ['a changed field', (l: string[]) => l.with(2, swap(l[2], 'principal:01', 'principal:99')), 'LEAF', 1],
    ['a changed payload', (l: string[]) => l.with(2, swap(l[2], 'ada@', 'eve@')), 'PAYLOAD', 1],
    ['a lost tail', (l: string[]) => l.slice(0, -1), 'COUNT', 2],
    ['two lines exchanged', (l: string[]) => [l[0], l[1], l[3], l[2]].map(String), 'SEQUENCE', 1],
    ['a space', (l: string[]) => l.with(1, swap(l[1], '{', '{ ')), 'LINE', 0],
    ['a line too many', (l: string[]) => [...l, l[3] ?? ''], 'COUNT', 3],
    ['an empty line', (l: string[]) => l.toSpliced(2, 0, ''), 'LINE', 1],
    ['a leading zero in the note', (l: string[]) => l.with(0, swap(l[0], '\\n3\\n', '\\n03\\n')), 'NOTE', null],
    ['another root', (l: string[]) => l.with(0, swap(l[0], '\\nmxkW', '\\nnxkW')), 'SIGNATURE', null],
    ['a carriage return', (l: string[]) => l.with(2, `${l[2]}\r`), 'LINE', 1],
    ['a member too many', (l: string[]) => l.with(1, swap(l[1], '"sequence":0}', '"sequence":0,"x":1}')), 'LINE', 0],
    ['a payload without salt', (l: string[]) => l.with(2, String(l[2]).replace(/"salt":".*?",/, '')), 'LINE', 1],
    ['a salt of 31 bytes', (l: string[]) => l.with(2, swap(l[2], 'BjFGOVcCn756', 'BjFGOVcC')), 'PAYLOAD', 1],
  ] as const)('finds %s', async (_name, change, code, sequence) => {
    const result = await check(edit(change), { earlier: [NOTE_OF_2] });
    expect(result.problems[0]?.code).toBe(code);
    expect(result.firstFailedSequence).toBe(sequence);
    expect(result.valid).toBe(false);
  });

  it('finds a missing last LF, bytes that are not UTF-8, and a file without a line', async () => {
    expect(await check(FULL.slice(0, -1))).toMatchObject({ firstFailedSequence: 2, problems: [{ code: 'LINE' }] });
    const broken = Buffer.from(FULL);
    broken[broken.indexOf('principal:01')] = 0xff;
    expect(await check(broken)).toMatchObject({ firstFailedSequence: 1, problems: [{ code: 'LINE' }] });
    expect(codes(await check(''))).toEqual(['HEADER']);
    expect(codes(await check('\n'))).toEqual(['HEADER']);
  });

  it('finds a header or an event line that is too long, without reading it whole', async () => {
    const long = `{"a":"${'x'.repeat(70_000)}"}\n`;
    expect(codes(await check(long, { chunk: 4096 }))).toEqual(['HEADER']);
    const huge = edit(([header = '']) => [header, `{"a":"${'x'.repeat(17_000_000)}"}`]);
    expect(await check(huge, { chunk: 65_536 })).toMatchObject({
      firstFailedSequence: 0,
      problems: [{ code: 'LINE' }],
    });
  });

  it('takes a proof for a selection, which has too few events to show that it continues an earlier checkpoint', async () => {
    const file = selection();
    const from = (earlier: number, proof: readonly string[], size = 3) =>
      parseConsistencyProof(
        JSON.stringify({ format: 'durable-mlops/consistency-proof@1', origin: 'o', earlier, size, proof }),
      ) ?? fail();
    const [leaf = ''] = [PROOF_OF_0[1]];
    const right = from(2, [leaf]);
    expect(await check(file, { earlier: [NOTE_OF_2], proofs: [right] })).toMatchObject({ valid: true, problems: [] });
    expect(await check(file, { earlier: [NOTE_OF_3] }), 'the same tree').toMatchObject({ valid: true });
    for (const proofs of [
      [],
      [from(2, [])],
      [from(2, [leaf, leaf])],
      [from(2, [leaf.replace('1', '2')])],
      [from(2, ['x'])],
      [from(1, [leaf])],
      [from(2, [leaf], 4)],
    ])
      expect(codes(await check(file, { earlier: [NOTE_OF_2], proofs }))).toEqual(['CONSISTENCY']);
    const other = NOTE_OF_2.replace('PUry', 'QUry');
    expect(codes(await check(file, { earlier: [other], proofs: [right] }))).toEqual(['SIGNATURE', 'CONSISTENCY']);
    expect(codes(await check(FULL, { earlier: [other], proofs: [right], keys: [] }))).toEqual(['CONSISTENCY']);
  });

  it.each(['', '[]', '{}', '{"format":"durable-mlops/consistency-proof@1"}', 'null'])(
    'takes no proof of the text %s',
    (text) => {
      expect(parseConsistencyProof(text)).toBeNull();
    },
  );

  it('finds a file that does not continue an earlier checkpoint', async () => {
    const other = NOTE_OF_2.replace('PUry', 'QUry');
    expect(codes(await check(FULL, { earlier: [other] }))).toEqual(['SIGNATURE', 'CONSISTENCY']);
    expect(codes(await check(FULL, { earlier: [other], keys: [] }))).toEqual(['CONSISTENCY']);
    expect(codes(await check(FULL, { earlier: ['nothing\n'] }))).toEqual(['NOTE']);
    const longer = NOTE_OF_2.replace('\n2\n', '\n4\n');
    expect(codes(await check(FULL, { earlier: [longer], keys: [] }))).toEqual(['CONSISTENCY']);
    const elsewhere = NOTE_OF_2.replaceAll('acme', 'acne');
    expect(codes(await check(FULL, { earlier: [elsewhere], keys: [] }))).toEqual(['CONSISTENCY']);
  });

  it('knows a key it does not trust from one that did not sign', async () => {
    const publicKey = Uint8Array.from({ length: 32 }, (_, at) => at);
    const stranger = { name: 'somebody', id: primitives.keyId('somebody', publicKey), publicKey };
    expect(codes(await check(FULL, { keys: [stranger] }))).toEqual(['KEY_UNKNOWN']);
    expect(await check(FULL, { keys: [stranger, KEY] })).toMatchObject({ valid: true });
    expect(keyOf(formatVerifierKey(primitives, stranger))).toMatchObject({ name: 'somebody', id: stranger.id });
    expect(parseVerifierKey(primitives, formatVerifierKey(primitives, KEY).replace('9535d9b8', '9535d9b9'))).toBeTypeOf(
      'string',
    );
  });

  it.each([
    ['a proof too short', (s: string) => s.replace(`,"${PROOF_OF_0[1]}"`, ''), 'PROOF', 0],
    ['a proof of another leaf', (s: string) => s.replace(PROOF_OF_2[0] ?? '', PROOF_OF_0[1] ?? ''), 'PROOF', 2],
    ['no proof', (s: string) => s.replace(/"proof":\[[^\]]*\],"sequence":2/, '"sequence":2'), 'LINE', null],
  ])('finds %s in a selection', async (_name, change, code, sequence) => {
    expect(await check(change(selection()))).toMatchObject({ firstFailedSequence: sequence, problems: [{ code }] });
  });
});

function swap(line: string | undefined, from: string, to: string): string {
  if (line?.includes(from) !== true) throw new Error(`no ${from} in the line`);
  return line.replace(from, to);
}
