import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../../client/cli/commands/rollout/calibrate.ts';
import { rolloutVerbsOf } from '../../../client/cli/rollout/verbs.ts';
import type { HistoryTick } from '../../../domain/rollout/calibration/history.ts';
import type { RolloutRequest } from '../../../domain/rollout/run.ts';
import { createContext, createInput } from '../../support/command-context.ts';
import { historyOf } from '../../support/histories.ts';

const MODEL = 'rag_api';
const TICKS = historyOf({ ticks: 1200 });

/** A project whose recorded looks are these, and what was asked of them. */
function projectOf(ticks: readonly HistoryTick[]) {
  const asked: unknown[] = [];
  const history = async (environment: string, model: string, query: object) => {
    asked.push([environment, model, query]);
    return await Promise.resolve(ticks);
  };
  const { context } = createContext({ evidence: { history } });
  const { workingDirectory } = context;
  return { context, workingDirectory, asked, rollouts: rolloutVerbsOf(context) };
}

describe('rollouts.calibrate', () => {
  it('says what the command prints as JSON, and writes what it writes', async () => {
    const { asked, context, rollouts, workingDirectory } = projectOf(TICKS);
    const found = await rollouts.calibrate({ model: MODEL, since: '2026-11-01' });
    expect(found).toMatchObject({ model: MODEL, proved: true, written: null, tickSeconds: 60 });
    expect(found.source).toBe('recorded looks since 2026-11-01T00:00:00.000Z');
    expect(found.left).toEqual([expect.stringMatching(/^slow: /)]);
    expect(found.wouldWrite).toMatchObject({ model: MODEL, calibration: { ticks: expect.any(Number) as number } });
    const since = new Date('2026-11-01T00:00:00.000Z');
    expect(asked).toEqual([['dev', MODEL, { tickSeconds: 60, since, newest: null }]]);
    const file = join(workingDirectory, 'config/deployment.yaml');
    expect(existsSync(file)).toBe(false);

    const written = await rollouts.calibrate({ model: MODEL, metrics: ['errors'], write: true });
    expect(written).toMatchObject({ chosen: found.chosen, written: 'config/deployment.yaml', armed: true, left: [] });
    expect(written.wouldWrite).toBeUndefined();
    expect(readFileSync(file, 'utf8')).toContain(`${MODEL}:`);

    const { data, exitCode } = await run(context, createInput({ model: MODEL, since: '2026-11-01' }));
    const timeless = { wouldWrite: expect.objectContaining({ model: MODEL }) as unknown };
    expect([exitCode, data]).toEqual([0, { ...found, ...timeless }]);
  }, 60_000);

  it('takes a history from a file', async () => {
    const { asked, rollouts, workingDirectory } = projectOf([]);
    writeFileSync(join(workingDirectory, 'h.jsonl'), TICKS.map((tick) => JSON.stringify(tick)).join('\n'));
    expect(await rollouts.calibrate({ model: MODEL, input: 'h.jsonl' })).toMatchObject({ source: 'h.jsonl' });
    expect(asked).toEqual([]);
  }, 60_000);

  it('fails as the command does', async () => {
    const { context, rollouts, workingDirectory } = projectOf(TICKS.slice(0, 100));
    writeFileSync(join(workingDirectory, 'bad.jsonl'), '{}\n');
    for (const [order, options, error] of [
      [{}, {}, { code: 'CALIBRATION_HISTORY_SHORT', exitCode: 7 }],
      [{ metrics: ['slow'] }, { metric: ['slow'] }, { code: 'CALIBRATION_HISTORY_SHORT', exitCode: 7 }],
      [{ input: 'none.jsonl' }, { input: 'none.jsonl' }, { code: 'INPUT_UNREADABLE', exitCode: 2 }],
      [{ input: 'bad.jsonl' }, { input: 'bad.jsonl' }, { code: 'HISTORY_INVALID', exitCode: 2 }],
      [{ since: 'soon' }, { since: 'soon' }, { code: 'USAGE_INVALID', exitCode: 2 }],
    ] as const) {
      await expect(rollouts.calibrate({ ...order, model: MODEL })).rejects.toMatchObject(error);
      await expect(run(context, createInput({ ...options, model: MODEL }))).rejects.toMatchObject(error);
    }
  });

  it('returns what is not proved, and writes nothing of it', async () => {
    const noisier = historyOf({ ticks: 1200, fastCv: 0.6, bursts: { factor: 8, meanTicks: 6, share: 0.2 } });
    const { rollouts, workingDirectory } = projectOf([...TICKS.slice(0, 600), ...noisier.slice(0, 600)]);
    expect(await rollouts.calibrate({ model: MODEL, write: true })).toMatchObject({ proved: false, written: null });
    expect(existsSync(join(workingDirectory, 'config/deployment.yaml'))).toBe(false);
  }, 60_000);
});

describe('rollouts.split', () => {
  const LIVE = { split: { stable: { version: '1.0.0', endpoint: 'http://127.0.0.1:1' }, canary: null } };
  const projectWith = (live: object | null) => {
    const started: RolloutRequest[] = [];
    const start = async (request: RolloutRequest) => await Promise.resolve(void started.push(request));
    const router = { observe: async () => await Promise.resolve(live) };
    return { started, rollouts: rolloutVerbsOf(createContext({ router, rollouts: { start } }).context) };
  };

  it('starts the A/A run that the command starts', async () => {
    const { rollouts, started } = projectWith(LIVE);
    await rollouts.split({ model: MODEL, fromVersion: '1.0.0', minutes: 600, sharePercent: 12.5 });
    await rollouts.split({ model: MODEL });
    const { stable } = LIVE.split;
    const base = { model: MODEL, stable, canary: stable, startedBy: 'tester' };
    expect(started).toMatchObject([
      { ...base, plan: { profile: 'a/a', steps: [{ weightBasisPoints: 1250, windowSeconds: 36_000 }] } },
      { ...base, plan: { profile: 'a/a', steps: [{ weightBasisPoints: 5000, windowSeconds: 7200 }] } },
    ]);
  });

  it.each([
    [LIVE, { fromVersion: '2.0.0' }, "wanted nothing else: fromVersion: '2.0.0'"],
    [LIVE, { endpoints: { '1.0.0': 'http://127.0.0.1:9' } }, "endpoints: { '1.0.0': 'http://127.0.0.1:9' }"],
    [null, {}, 'no version of rag_api is live yet'],
  ])('of %j with %j is refused: it splits what is there', async (live, order, problem) => {
    const { rollouts, started } = projectWith(live);
    const message = expect.stringContaining(problem) as string;
    await expect(rollouts.split({ ...order, model: MODEL })).rejects.toMatchObject({ code: 'USAGE_INVALID', message });
    expect(started).toEqual([]);
  });
});
