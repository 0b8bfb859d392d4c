import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { appendJournal, readJournal, type JournalEntry } from '../../../adapters/gateway/emergency-journal.ts';
import { maskJournal } from '../../../adapters/gateway/mask-journal.ts';
import type { LiveSplit } from '../../../domain/rollout/split.ts';

const SUBJECT = 'principal:0123456789abcdef';

const liveOf = (actor: string, reason: string): LiveSplit => ({
  split: {
    model: 'm',
    stable: { version: '1', endpoint: 'http://a' },
    canary: null,
    canaryBasisPoints: 0,
    mirrorBasisPoints: 0,
  },
  generation: 1,
  idempotencyKey: 'k',
  actor,
  reason,
  writtenAt: '2026-01-01T00:00:00.000Z',
});

/** A line of the journal: who did it, and whose split it was before. */
function entryOf([actor, reason]: readonly [string, string], [before, why]: readonly [string, string]): JournalEntry {
  const at = '2026-01-01T00:00:00.000Z';
  return {
    id: 'e/done',
    idempotencyKey: 'e',
    stage: 'done',
    at,
    model: 'm',
    actor,
    reason,
    before: liveOf(before, why),
    after: null,
  };
}

async function masked(entries: readonly JournalEntry[], who: readonly string[]) {
  const file = join(mkdtempSync(join(tmpdir(), 'mlops-mask-')), 'emergency.jsonl');
  for (const entry of entries) await appendJournal(file, entry);
  const before = readFileSync(file);
  await maskJournal(file, { who, subject: SUBJECT });
  return { before, after: readFileSync(file), lines: (await readJournal(file)).entries };
}

describe('a journal that is written over', () => {
  it.each([
    ['a plain name', 'ada', 'users saw errors'],
    ['quotes and backslashes', 'a"d\\a', 'she said "now" \\ then'],
    ['letters of more than a byte', 'Дарья 🙂', 'потому что \u2028'],
    ['an empty reason', 'ada', ''],
  ])('has nothing of them, and every line: %s', async (_, name, reason) => {
    const others = entryOf(['grace', 'her own words'], ['grace', 'hers too']);
    const { after, before, lines } = await masked([entryOf([name, reason], [name, reason]), others], [SUBJECT, name]);
    expect(after.length).toBe(before.length);
    expect(lines[1]).toEqual(others);
    const [line] = lines;
    for (const text of [line?.actor, line?.reason, line?.before?.actor, line?.before?.reason])
      expect(text).toMatch(/^-*$/);
  });

  it('keeps the id of a principal, which means nobody any more, and takes the words', async () => {
    const { lines } = await masked([entryOf([SUBJECT, 'why'], ['grace', 'hers'])], [SUBJECT]);
    expect(lines[0]).toMatchObject({ actor: SUBJECT, reason: '---', before: { actor: 'grace', reason: 'hers' } });
  });

  it('loses what somebody else repeats of them', async () => {
    const { lines } = await masked(
      [entryOf(['grace', 'again'], ['grace', 'again (after ada: broken)'])],
      [SUBJECT, 'ada'],
    );
    expect(lines[0]).toMatchObject({ actor: 'grace', reason: 'again' });
    expect(lines[0]?.before?.reason).toMatch(/^-+$/);
  });

  it('is as it was when it says nothing of them, whatever it says', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), async (actor, reason) => {
        const { after, before } = await masked(
          [entryOf([`x${actor}`, reason], ['y', reason])],
          ['nobody of that name'],
        );
        expect(after.equals(before)).toBe(true);
      }),
      { numRuns: 15 },
    );
  });

  it('that is not there is nothing to write over', async () => {
    await expect(
      maskJournal(join(tmpdir(), 'no-such-journal'), { who: ['ada'], subject: SUBJECT }),
    ).resolves.toBeUndefined();
    const file = join(mkdtempSync(join(tmpdir(), 'mlops-mask-')), 'cut.jsonl');
    writeFileSync(file, '{"actor":"ada","reason":"cut o');
    await maskJournal(file, { who: ['ada'], subject: SUBJECT });
    expect(readFileSync(file, 'utf8')).toBe('{"actor":"---","reason":"cut o');
  });
});
