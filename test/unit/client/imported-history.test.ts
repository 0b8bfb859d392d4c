import { describe, expect, it } from 'vitest';
import type { CommandContext, CommandInput } from '../../../client/cli/command.ts';
import { run } from '../../../client/cli/commands/model/history.ts';
import type { StageChangeRecord } from '../../../domain/registry/records.ts';

const CHANGE: StageChangeRecord = {
  change: 1,
  modelId: '1',
  version: '1.0.0',
  act: 'promoted',
  from: 'staging',
  to: 'production',
  at: '2026-11-27T10:00:00.000Z',
  actor: 'principal:1',
  approvers: ['principal:2', 'principal:3'],
  approvalId: 'apr-1',
  bound: null,
  ledgerSequence: 7,
  isImported: true,
};

/** Of somebody elsewhere a name came along; of somebody here one is known; of the third none. */
const NAMES = new Map([
  ['principal:1', 'ada'],
  ['principal:2', 'eve (imported)'],
]);

const historyOf = async (change: StageChangeRecord, options: object = {}): Promise<string> => {
  const registry = {
    history: async () => await Promise.resolve({ changes: [change], cursor: null }),
    productionAt: async () => await Promise.resolve(change),
    names: async () => await Promise.resolve(NAMES),
  };
  const context = { composition: { registry: async () => await Promise.resolve(registry) } };
  const input = { args: ['m'], options, dryRun: false };
  const { text } = await run(context as unknown as CommandContext, input as unknown as CommandInput);
  return text ?? '';
};

describe('mlops model history', () => {
  it('says who did and approved what, under which approval, and of an import that it is what a file says', async () => {
    expect(await historyOf(CHANGE)).toMatch(/ada \(imported\) +eve \(imported\), principal:3 \(imported\) +apr-1$/m);
    const at = await historyOf(CHANGE, { at: '2026-11-28' });
    expect(at).toContain('put there by ada (imported), approved by eve (imported), principal:3 (imported)');
    expect(at).toContain('mlops approval show apr-1');
    expect(at).toContain('By what an imported file says: mlops audit event 7');
  });

  it('marks in what was done here only whom an import alone names', async () => {
    const here = { ...CHANGE, isImported: false };
    expect(await historyOf(here)).toMatch(/ ada +eve \(imported\), principal:3 +apr-1$/m);
    expect(await historyOf({ ...here, approvers: [], approvalId: null })).toMatch(/ ada +- +-$/m);
  });
});
