import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readBeginning, readExport, readText } from '../../../adapters/ledger/export-files.ts';
import { verifyReceiptHere } from '../../../client/rollouts/verify-receipt-here.ts';
import { verifyWithLedger } from '../../../client/rollouts/verify-with-ledger.ts';
import type { RolloutReceipt } from '../../../domain/rollout/receipt.ts';
import { exportOf, noteOf, primitives, selectionOf, testKey } from '../../support/ledger.ts';
import { ledgerOf } from '../../support/receipt-ledger.ts';
import { createJudgedReceipt } from '../../support/receipts.ts';

const FILES = { primitives, lines: readExport, beginning: readBeginning, text: readText };
const KEY = testKey(9);
const FOLDER = mkdtempSync(join(tmpdir(), 'mlops-receipt-'));
const RECEIPT = createJudgedReceipt(0.035, 0.7);
const LINES = ledgerOf(RECEIPT);
const FULL = exportOf(LINES, noteOf(LINES, KEY));

async function compare(receipt: RolloutReceipt, text = FULL, trustedKeys = [KEY]) {
  const file = join(FOLDER, 'ledger.jsonl');
  writeFileSync(file, text);
  return await verifyWithLedger(FILES, receipt, { file, trustedKeys });
}

describe('a receipt against the ledger', () => {
  it('fits when the ledger has all of it and no more', async () => {
    expect(await compare(RECEIPT)).toEqual({ problems: [], signedBy: [`${KEY.name}+${KEY.id}`] });
    expect(await compare(RECEIPT, FULL, [])).toEqual({ problems: [], signedBy: [] });
  });

  it('is found out when it is invented as a whole, although it is consistent in itself', async () => {
    const invented = createJudgedReceipt(0.01, 0.72);
    expect(verifyReceiptHere(invented).valid).toBe(true);
    const { problems } = await compare(invented);
    expect(problems.join('\n')).toMatch(/looks of this rollout/);
    expect(problems.join('\n')).toContain('look 0: the ledger has another');
    expect(problems.join('\n')).toContain('outcome: promoted');
  });

  it.each<[string, (receipt: RolloutReceipt) => Partial<RolloutReceipt>, RegExp]>([
    ['the last look cut off', ({ ticks }) => ({ ticks: ticks.slice(0, -1) }), /^the ledger has \d+ looks/],
    [
      'one count',
      ({ ticks }) => ({ ticks: ticks.with(0, { ...ticks[0]!, input: {} }) }),
      /^look 0: the ledger has another/,
    ],
    ['its policy', ({ rollout }) => ({ rollout: { ...rollout, policy: {} } }), /policyDigest/],
    ['its plan', ({ rollout }) => ({ rollout: { ...rollout, plan: {} } }), /planDigest/],
    ['its start', ({ rollout }) => ({ rollout: { ...rollout, startedAt: '2026-01-01T07:00:00.000Z' } }), /happenedAt/],
    ['another rollout', ({ rollout }) => ({ rollout: { ...rollout, rolloutKey: 'invented' } }), /0 openings/],
    ['an open end', () => ({ outcome: null }), /^outcome: open, in the ledger rolled-back/],
    [
      'another outcome',
      ({ outcome }) => ({ outcome: { ...outcome!, reason: 'slow' } }),
      /^outcome: rolled-back for slow/,
    ],
    ['an event less', ({ events }) => ({ events: events.slice(1) }), /rollout.started .* is not in the receipt/],
    [
      'an event more',
      ({ events }) => ({ events: [...events, { ...events[0]!, event: 'abort' }] }),
      /^abort at .* is not in/,
    ],
    [
      'another weight',
      ({ writes }) => ({
        writes: writes.with(0, { ...writes[0]!, split: { ...writes[0]!.split, canaryBasisPoints: 1 } }),
      }),
      /^write of generation 1 was not reserved like this/,
    ],
    [
      'a write that was refused',
      ({ writes }) => ({ writes: writes.with(0, { ...writes[0]!, refusedCode: 'X' }) }),
      /not refused/,
    ],
  ])('is found out: %s', async (_name, forge, problem) => {
    const { problems } = await compare({ ...RECEIPT, ...forge(RECEIPT) });
    expect(problems.filter((line) => problem.test(line))).not.toEqual([]);
  });

  it('is not compared with an export that was changed, or that may leave something out', async () => {
    const changed = FULL.replace('rollout.closed', 'rollout.klosed');
    expect((await compare(RECEIPT, changed)).problems.join()).toMatch(/ledger: (LEAF|CANONICAL|EVENT)/);
    const some = selectionOf(LINES, [...LINES.keys()], noteOf(LINES, KEY));
    expect((await compare(RECEIPT, some)).problems.join()).toContain('a selection cannot show that nothing is missing');
  });
});
