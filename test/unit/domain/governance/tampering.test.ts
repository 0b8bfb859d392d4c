import { describe, expect, it } from 'vitest';
import { createExportVerifier, type ExportCheck } from '../../../../domain/governance/verify-export.ts';
import { canonicalJson } from '../../../../domain/governance/canonical-json.ts';
import type { ExportLine } from '../../../../domain/governance/export-format.ts';
import { chain, exportOf, lineOf, noteOf, ORIGIN, primitives, selectionOf, testKey } from '../../../support/ledger.ts';

/** The ways a ledger is tampered with, each with what finds it. An attacker may hold the database, or the key as well. */
const KEY = testKey(1);
const EVENTS = chain(9);
const LINES = EVENTS.map(lineOf);
const NOTE = noteOf(LINES, KEY);
const EARLIER = noteOf(LINES.slice(0, 6), KEY);

function check(file: string, earlier: readonly string[] = []): ExportCheck {
  const verifier = createExportVerifier(primitives, { trustedKeys: [KEY], earlier });
  for (const text of file.split('\n').slice(0, -1)) verifier.read({ text });
  return verifier.finish();
}

const first = ({ problems, firstFailedSequence }: ExportCheck) => [problems[0]?.code, firstFailedSequence];
const other = (sequence: number) => lineOf({ ...chain(9)[sequence]!, resource: 'r/forged' });
/** Line by line as it should be from `sequence` on, after event `sequence` was changed. */
const rewritten = (sequence: number): ExportLine[] =>
  chain(9, (event) => (event.sequence === sequence ? { ...event, resource: 'r/forged' } : event)).map(lineOf);

describe('tampering is found', () => {
  it('not where there is none', () => {
    expect(check(exportOf(LINES, NOTE), [EARLIER])).toMatchObject({ valid: true, events: 9 });
    expect(check(selectionOf(LINES, [0, 3, 4, 8], NOTE))).toMatchObject({ valid: true, events: 4 });
    expect(check(exportOf([], noteOf([], KEY)), [noteOf([], KEY)])).toMatchObject({ valid: true, size: 0 });
  });

  it('1: a field edited', () => {
    const edited = { ...LINES[4]!, canonical: LINES[4]!.canonical.replace('r/4', 'r/5') };
    expect(first(check(exportOf(LINES.with(4, edited), NOTE)))).toEqual(['LEAF', 4]);
  });

  it('2: a field edited and its leaf hash with it', () => {
    expect(first(check(exportOf(LINES.with(4, other(4)), NOTE)))).toEqual(['PREVIOUS', 5]);
    expect(first(check(exportOf(LINES.with(8, other(8)), NOTE)))).toEqual(['ROOT', null]);
    expect(first(check(exportOf(rewritten(4), NOTE)))).toEqual(['ROOT', null]);
    const [, , , , forged] = rewritten(4);
    const selection = selectionOf(LINES, [4], NOTE).replace(/\n\{.*\n/, () => {
      const proof = /"proof":\[[^\]]*\]/.exec(selectionOf(LINES, [4], NOTE))?.[0] ?? '';
      return `\n${JSON.stringify({ canonical: forged?.canonical, leafHash: forged?.leafHash }).slice(0, -1)},${proof},"sequence":4}\n`;
    });
    expect(first(check(selection))).toEqual(['PROOF', 4]);
  });

  it('3: an event deleted', () => {
    expect(first(check(exportOf(LINES.toSpliced(4, 1), NOTE, 9)))).toEqual(['SEQUENCE', 4]);
    const renumbered = chain(8).map(lineOf);
    expect(first(check(exportOf(renumbered, NOTE, 9)))).toEqual(['COUNT', 8]);
  });

  it('4: an event inserted', () => {
    expect(first(check(exportOf(LINES.toSpliced(4, 0, other(4)), NOTE, 9)))).toEqual(['SEQUENCE', 5]);
    expect(first(check(exportOf(chain(10).map(lineOf), NOTE, 9)))).toEqual(['COUNT', 9]);
  });

  it('5: two events exchanged', () => {
    expect(first(check(exportOf(LINES.with(4, LINES[5]!).with(5, LINES[4]!), NOTE)))).toEqual(['SEQUENCE', 4]);
  });

  it('6: the tail cut off', () => {
    expect(first(check(exportOf(LINES.slice(0, 7), NOTE, 9)))).toEqual(['COUNT', 7]);
  });

  it('7: an old checkpoint in place of the newest', () => {
    const replayed = exportOf(LINES.slice(0, 6), EARLIER);
    // By itself it is what was true then; who knows the newer one sees that events are missing.
    expect(check(replayed)).toMatchObject({ valid: true });
    expect(first(check(replayed, [NOTE]))).toEqual(['CONSISTENCY', null]);
  });

  it('8: a second history of the same length', () => {
    const fork = rewritten(2);
    expect(first(check(exportOf(fork, noteOf(fork, KEY)), [NOTE]))).toEqual(['CONSISTENCY', null]);
  });

  it('9: a log that shrank and grew again', () => {
    const regrown = chain(12, (event) => (event.sequence >= 5 ? { ...event, resource: 'r/regrown' } : event)).map(
      lineOf,
    );
    expect(first(check(exportOf(regrown, noteOf(regrown, KEY)), [EARLIER]))).toEqual(['CONSISTENCY', null]);
  });

  it('10: a checkpoint signed by another key', () => {
    expect(first(check(exportOf(LINES, noteOf(LINES, testKey(2)))))).toEqual(['KEY_UNKNOWN', null]);
    // The same key id cannot be had; a signature that claims it does not verify.
    const claims = noteOf(LINES, { ...KEY, sign: (text) => testKey(2).sign(text) });
    expect(first(check(exportOf(LINES, claims)))).toEqual(['SIGNATURE', null]);
  });

  it('11: a clock that was set back', () => {
    const back = chain(9, (e) => (e.sequence === 5 ? { ...e, recordedAt: '2026-11-23T09:59:59.000Z' } : e)).map(lineOf);
    expect(first(check(exportOf(back, noteOf(back, KEY))))).toEqual(['CLOCK', 5]);
  });

  it('12: an event of another installation, environment or tenant', () => {
    const swapped = chain(9, (e) => (e.sequence === 3 ? { ...e, log: ORIGIN.replace('acme', 'evil') } : e)).map(lineOf);
    expect(first(check(exportOf(swapped, noteOf(swapped, KEY))))).toEqual(['EVENT', 3]);
    const elsewhere = 'test.example/acme/staging';
    expect(first(check(exportOf(LINES, noteOf(LINES, testKey(1, elsewhere), elsewhere))))).toEqual(['KEY_UNKNOWN', 0]);
  });

  it('13: a payload that is not the one committed to', () => {
    const opened = { payload: { reason: 'forged' }, salt: Buffer.alloc(32, 7).toString('base64') };
    expect(first(check(exportOf(LINES.with(3, { ...LINES[3]!, opened }), NOTE)))).toEqual(['PAYLOAD', 3]);
  });

  it('13: nor is one by a salt of another length, though it gives the commitment', () => {
    const payload = { reason: 'checked' };
    const committed = (bytes: number) => {
      const salt = Buffer.alloc(bytes, 7);
      const commitment = primitives.commitment(salt, canonicalJson(payload));
      const lines = chain(9, (event) => (event.sequence === 3 ? { ...event, commitment } : event)).map(lineOf);
      const opened = { payload, salt: salt.toString('base64') };
      return exportOf(lines.with(3, { ...lines[3]!, opened }), noteOf(lines, KEY));
    };
    expect(check(committed(32))).toMatchObject({ valid: true, payloads: { opened: 1 } });
    for (const bytes of [0, 16, 31, 33]) expect(first(check(committed(bytes))), `${bytes}`).toEqual(['PAYLOAD', 3]);
  });

  it('a log that says that something was before its first event', () => {
    const begun = chain(9, (event) => (event.sequence === 0 ? { ...event, previous: 'a'.repeat(64) } : event)).map(
      lineOf,
    );
    const note = noteOf(begun, KEY);
    expect(first(check(exportOf(begun, note)))).toEqual(['PREVIOUS', 0]);
    expect(first(check(selectionOf(begun, [0, 4], note)))).toEqual(['PREVIOUS', 0]);
  });

  it('14: rows, tree and checkpoint rewritten by who holds database and key: only by a checkpoint kept elsewhere', () => {
    const rewrittenAll = rewritten(4);
    const forged = exportOf(rewrittenAll, noteOf(rewrittenAll, KEY));
    expect(check(forged)).toMatchObject({ valid: true });
    expect(first(check(forged, [EARLIER]))).toEqual(['CONSISTENCY', null]);
  });
});

describe('an event that is not one', () => {
  it.each([
    ['another format', { format: 'durable-mlops/event@2' }],
    ['a day that does not exist', { recordedAt: '2026-02-30T10:00:00.000Z' }],
    ['a time without milliseconds', { recordedAt: '2026-11-23T10:00:00Z' }],
    ['a time before 1970', { recordedAt: '1969-12-31T23:59:59.999Z' }],
    ['an empty type', { type: '' }],
    ['a commitment that is no hash', { commitment: 'ABC' }],
    ['another sequence', { sequence: 7 }],
  ])('is found: %s', (_name, change) => {
    const lines = chain(1, (event) => ({ ...event, ...change })).map((event) => ({ ...lineOf(event), sequence: 0 }));
    expect(first(check(exportOf(lines, noteOf(lines, KEY))))).toEqual(['EVENT', 0]);
  });

  it('may have members of any name, those of a problem too', () => {
    const lines = chain(2, (event) => ({ ...event, code: 'LEAF', message: 'x' })).map(lineOf);
    expect(check(exportOf(lines, noteOf(lines, KEY)))).toMatchObject({ valid: true });
  });

  it('is refused beyond 65,535 bytes', () => {
    const lines = chain(1, (event) => ({ ...event, resource: 'x'.repeat(65_600) })).map(lineOf);
    expect(first(check(exportOf(lines, noteOf(lines, KEY))))).toEqual(['LINE', 0]);
  });

  it('is refused where its text is not canonical', () => {
    const [line] = LINES;
    const canonical = line!.canonical.replace('{"', '{ "');
    const lines = [{ ...line!, canonical, leafHash: primitives.leafHash(canonical) }];
    expect(first(check(exportOf(lines, noteOf(lines, KEY))))).toEqual(['CANONICAL', 0]);
  });
});
