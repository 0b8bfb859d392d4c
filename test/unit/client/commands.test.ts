import { describe, expect, it } from 'vitest';
import type { CommandRun } from '../../../client/cli/command.ts';
import { run as clean } from '../../../client/cli/commands/clean.ts';
import { run as erase } from '../../../client/cli/commands/governance/erase.ts';
import { run as demo } from '../../../client/cli/commands/demo.ts';
import { run as down } from '../../../client/cli/commands/down.ts';
import { run as rollback } from '../../../client/cli/commands/rollback.ts';
import { run as setup } from '../../../client/cli/commands/setup.ts';
import { run as calibrate } from '../../../client/cli/commands/rollout/calibrate.ts';
import { run as plan } from '../../../client/cli/commands/rollout/plan.ts';
import { run as receipt } from '../../../client/cli/commands/rollout/receipt.ts';
import { run as start } from '../../../client/cli/commands/rollout/start.ts';
import { actionCommand } from '../../../client/cli/rollout/action-command.ts';
import { follow } from '../../../client/cli/rollout/follow.ts';
import { terminalOf } from '../../../client/cli/terminal.ts';
import type { Rollouts } from '../../../client/rollouts/rollouts.ts';
import { MlopsError } from '../../../domain/errors.ts';
import type { LiveSplit } from '../../../domain/rollout/split.ts';
import type { RolloutStatus } from '../../../workflows/messages.ts';
import { createContext, createInput } from '../../support/command-context.ts';
import { createReceipt } from '../../support/receipts.ts';
import { createStatus } from '../../support/statuses.ts';

const LIVE: LiveSplit = {
  split: {
    model: 'rag_api',
    stable: { version: '1.0.0', endpoint: 'http://127.0.0.1:1' },
    canary: { version: '1.1.0', endpoint: 'http://127.0.0.1:2' },
    canaryBasisPoints: 1500,
    mirrorBasisPoints: 0,
  },
  generation: 7,
  idempotencyKey: 'k',
  actor: 'ada',
  reason: '',
  writtenAt: '2026-01-01T08:00:00.000Z',
};
const MODEL = { model: 'rag_api' };
const SIGNED = {
  s3: null,
  isSignatureRequired: true,
  signers: { keys: null, certificates: null, sigstore: null },
} as const;
const DRY = { dryRun: true };
const routerOf = (live: LiveSplit | null) => ({ observe: async () => await Promise.resolve(live) });
const refusalOf = async (doing: Promise<unknown>): Promise<unknown> =>
  await doing.then(
    () => null,
    (error: unknown) => error,
  );

function rolloutsOf(status: RolloutStatus | MlopsError): Pick<Rollouts, 'status' | 'act'> {
  return {
    status: async () => (status instanceof MlopsError ? await Promise.reject(status) : await Promise.resolve(status)),
    act: async () => await Promise.resolve({ accepted: true, what: 'done' }),
  };
}

describe('a dry run', () => {
  const none = new MlopsError('ROLLOUT_NOT_FOUND', { model: 'rag_api', environment: 'dev' });
  const gate = createStatus({
    waitingFor: { kind: 'gate', since: '', reason: '', answer: '' },
    phase: 'awaiting-approval',
    intendedWeightPercent: 5,
  });

  it.each(['approve', 'deny', 'pause', 'resume', 'promote', 'abort'] as const)(
    'of %s is refused where the action is: no rollout, or one that has ended',
    async (kind) => {
      const tryOn = async (status: RolloutStatus | MlopsError) =>
        await refusalOf(
          actionCommand(kind)(createContext({ rollouts: rolloutsOf(status) }).context, createInput(MODEL, DRY)),
        );
      expect(await tryOn(none)).toMatchObject({ code: 'ROLLOUT_NOT_FOUND', exitCode: 2 });
      expect(await tryOn(createStatus({ outcome: 'promoted', phase: 'closed' }))).toMatchObject({
        code: 'ROLLOUT_REFUSED_ACTION',
        exitCode: 3,
      });
    },
  );

  it.each([
    ['approve', gate, 'weight 5 % → 15 %'],
    ['promote', gate, 'weight 5 % → 15 %'],
    ['promote', createStatus(), 'weight 15 % → 100 %'],
    ['abort', createStatus(), 'weight 15 % → 0 %'],
    ['pause', createStatus(), 'weight stays 15 %'],
  ] as const)('of %s says where it leads', async (kind, status, words) => {
    const { context } = createContext({ rollouts: rolloutsOf(status) });
    const { exitCode, text } = await actionCommand(kind)(context, createInput(MODEL, DRY));
    expect(text).toContain('Nothing is changed');
    expect(text).toContain('1.0.0 → 1.1.0');
    expect(text).toContain(words);
    expect(exitCode).toBe(0);
  });

  it.each([
    ['approve', createStatus(), 'nothing waits for an approval'],
    ['resume', createStatus(), 'it is not paused'],
    ['promote', createStatus({ phase: 'validating' }), 'pre-flight has not passed yet'],
    ['abort', createStatus({ phase: 'rolling-back' }), 'the rollout is rolling-back'],
  ] as const)('of %s is refused where nothing would come of it', async (kind, status, problem) => {
    const { context } = createContext({ rollouts: rolloutsOf(status) });
    const error = await refusalOf(actionCommand(kind)(context, createInput(MODEL, DRY)));
    expect(error).toMatchObject({
      code: 'ROLLOUT_REFUSED_ACTION',
      details: expect.objectContaining({ problem }) as object,
    });
  });

  it('of the demo refuses a project whose rules are not those that its acts show, but for the acts without them', async () => {
    const { context } = createContext({});
    const config = await context.config();
    const strict = { ...context, config: async () => await Promise.resolve({ ...config, artifacts: SIGNED }) };
    const error = await refusalOf(demo(strict, createInput({}, DRY)));
    expect(error).toMatchObject({ code: 'USAGE_INVALID', message: expect.stringContaining('require_signature none') });
    expect((await demo(strict, createInput({ only: 'rollouts' }, DRY))).exitCode).toBe(0);
  });

  it('of rollback shows old and new, and knows the models that are live', async () => {
    const done = await rollback(createContext({ router: routerOf(LIVE) }).context, createInput(MODEL, DRY));
    expect(done.text).toContain('canary 15 % → 0 %, all traffic on 1.0.0');
    expect(done.data).toMatchObject({ dryRun: true, fromPercent: 15, toPercent: 0, stableVersion: '1.0.0' });
    const error = await refusalOf(rollback(createContext({ router: routerOf(null) }).context, createInput(MODEL, DRY)));
    expect(error).toMatchObject({ code: 'ROLLBACK_NOTHING_LIVE', exitCode: 2 });
  });

  it('of start names model, versions and where they answer', async () => {
    const live = { ...LIVE, split: { ...LIVE.split, canary: null, canaryBasisPoints: 0 } };
    const asked = createInput({ ...MODEL, to: '1.1.0', endpoint: ['1.1.0=http://127.0.0.1:2'] }, DRY);
    const { text } = await start(createContext({ router: routerOf(live) }).context, asked);
    expect(text).toContain('rag_api 1.0.0 (http://127.0.0.1:1) → 1.1.0 (http://127.0.0.1:2), profile default');
  });

  it.each([
    ['setup', setup, 'wouldMake'],
    ['clean', clean, 'wouldRemove'],
    ['demo', demo, 'wouldStart'],
    ['down', down, 'wouldStop'],
  ] as [string, CommandRun, string][])('of %s has data too', async (_name, run, key) => {
    const parts = [
      { name: 'worker', state: 'up', pid: 4711 },
      { name: 'temporal', state: 'down', pid: null },
    ];
    const { context } = createContext({ stack: { status: async () => await Promise.resolve({ parts }) } });
    const { data, text } = await run(context, createInput({}, DRY));
    expect(data).toHaveProperty(key);
    expect(text).toContain('Nothing is changed');
    if (key === 'wouldStop') expect(data).toEqual({ dryRun: true, wouldStop: ['worker'] });
  });
});

describe('what undoes an action', () => {
  const undoOf = async (kind: 'abort' | 'deny' | 'pause' | 'promote', status: RolloutStatus) => {
    const { context, said } = createContext({ rollouts: rolloutsOf(status), router: routerOf(LIVE) });
    await actionCommand(kind)(context, createInput(MODEL));
    return said.find((line) => line.startsWith('Undo with: '));
  };

  it('is a whole command', async () => {
    const again = 'mlops rollout start --model rag_api --from 1.0.0 --to 1.1.0';
    expect(await undoOf('abort', createStatus())).toBe(`Undo with: ${again} --endpoint 1.1.0=http://127.0.0.1:2`);
    expect(await undoOf('deny', createStatus({ profile: 'fast' }))).toBe(
      `Undo with: ${again} --profile fast --endpoint 1.1.0=http://127.0.0.1:2`,
    );
    expect(await undoOf('pause', createStatus())).toBe('Undo with: mlops rollout resume --model rag_api');
    expect(await undoOf('abort', createStatus({ profile: 'a/a' }))).toBe(
      'Undo with: mlops rollout calibrate --model rag_api --run',
    );
  });

  it('is said of an emergency rollback while there is something to undo', async () => {
    const sayOf = async (before: LiveSplit) => {
      const roll = async () => await Promise.resolve({ before, after: LIVE, verifiedAt: 'now', journaled: true });
      const probe = async () => await Promise.resolve({ healthy: true, detail: '' });
      const { context, said } = createContext({ emergency: { roll }, quickProbe: { probe } });
      await rollback(context, createInput(MODEL));
      return said.join('\n');
    };
    expect(await sayOf(LIVE)).toContain('mlops rollout start --model rag_api --from 1.0.0 --to 1.1.0 --endpoint');
    const done = { ...LIVE, split: { ...LIVE.split, canary: null, canaryBasisPoints: 0 } };
    expect(await sayOf(done)).toBe('Nothing to undo: all traffic of rag_api was on 1.0.0 already');
  });

  it('comes with old and new', async () => {
    const { context } = createContext({ rollouts: rolloutsOf(createStatus()), router: routerOf(null) });
    const { text, data } = await actionCommand('abort')(context, createInput(MODEL));
    expect(text).toContain('weight 15 % → 0 %');
    expect(data).toMatchObject({
      fromPercent: 15,
      toPercent: 0,
      undo: expect.stringContaining('--to 1.1.0') as string,
    });
  });
});

describe('a watch', () => {
  it.each([
    [{}, {}, true],
    [{ NO_COLOR: '' }, {}, true],
    [{ NO_COLOR: '1' }, {}, false],
    [{ TERM: 'dumb' }, {}, false],
    [{}, { color: false }, false],
  ])('in a terminal with %j and %j is animated: %j', (env, options, expected) => {
    const both = { stdout: true, stderr: true };
    expect(terminalOf(env, options, both)).toEqual({ isAnimated: expected, useColor: expected });
    expect(terminalOf(env, options, { stdout: true, stderr: false }).isAnimated).toBe(false);
  });

  it('writes nothing over where it must be plain', async () => {
    const show = async (isAnimated: boolean) => {
      const looks = [createStatus(), createStatus(), createStatus({ outcome: 'promoted' })];
      const rollouts = { status: async () => await Promise.resolve(looks.shift()) } as unknown as Rollouts;
      const { context, said } = createContext({}, { isAnimated });
      await follow(context, rollouts, 'rag_api');
      return said.join('\n');
    };
    expect(await show(true)).toContain('\u001B[');
    expect(await show(false)).not.toContain('\u001B[');
  });

  it('ends with the status also when its time was over before it could look', async () => {
    const rollouts = rolloutsOf(createStatus()) as Rollouts;
    const { context } = createContext({}, { signal: AbortSignal.abort() });
    const { exitCode, data } = await follow(context, rollouts, 'rag_api');
    expect(data).toMatchObject({ model: 'rag_api', phase: 'canary' });
    expect(exitCode).toBe(5);
  });
});

describe('a plan', () => {
  it('does not say that rollback is armed while nobody knows', async () => {
    const away = { history: async () => await Promise.reject(new MlopsError('DATABASE_UNREACHABLE', { reason: '' })) };
    const asked = createInput({ ...MODEL, to: '2', endpoint: ['2=http://127.0.0.1:2'] });
    const { data } = await plan(createContext({ router: routerOf(LIVE), evidence: away }).context, asked);
    expect(data).toMatchObject({ noise: { armed: null } });
  });
});

describe('an A/A run', () => {
  it.each([
    [{ from: '1.1.0' }, '--from 1.1.0'],
    [{ endpoint: ['1.0.0=http://127.0.0.1:9'] }, '--endpoint 1.0.0=http://127.0.0.1:9'],
    [{ share: '0.001' }, 'Option --share is not valid: 0.001'],
  ])('with %j is refused: it splits what is live', async (options, problem) => {
    const { context } = createContext({ router: routerOf(LIVE) });
    const error = await refusalOf(calibrate(context, createInput({ ...MODEL, run: true, ...options }, DRY)));
    expect(error).toMatchObject({ code: 'USAGE_INVALID', message: expect.stringContaining(problem) as string });
  });
});

describe('a receipt', () => {
  const evidence = { receipt: async () => await Promise.resolve(createReceipt()) };

  it('that cannot be written is bad usage', async () => {
    for (const options of [{ out: '/nonexistent/x.json' }, { html: '/nonexistent/x.html' }, { out: '.' }])
      expect(await refusalOf(receipt(createContext({ evidence }).context, createInput(options)))).toMatchObject({
        code: 'OUTPUT_UNWRITABLE',
        exitCode: 2,
      });
  });

  it.each([{ out: 'x' }, { html: 'x' }, { key: 'x' }, { model: 'x' }])(
    'is verified alone, not with %j',
    async (options) => {
      const error = await refusalOf(receipt(createContext({}).context, createInput({ verify: 'r.json', ...options })));
      expect(error).toMatchObject({ code: 'USAGE_INVALID' });
    },
  );
});

describe('an erasure', () => {
  const erased: unknown[] = [];
  const governance = {
    erase: async (order: { readonly subject: string }) => {
      erased.push(order.subject);
      const gone = { keys: 1, name: true, payloads: 2, rows: 0, mentions: [], hasMore: false, authored: 0 };
      return await Promise.resolve({ subject: order.subject, ...gone });
    },
  };
  const asked: string[] = [];
  const answering = (answer: boolean) => ({
    confirm: async (question: string) => {
      asked.push(question);
      return await Promise.resolve(answer);
    },
  });

  it('asks, and is made when somebody said yes', async () => {
    const input = createInput({}, { args: ['ada'] });
    expect(await refusalOf(erase(createContext({ governance }, answering(false)).context, input))).toMatchObject({
      code: 'USAGE_INVALID',
      message: expect.stringContaining('Erasure of ada was not confirmed') as string,
    });
    expect(erased).toEqual([]);
    expect(await erase(createContext({ governance }, answering(true)).context, input)).toMatchObject({ exitCode: 0 });
    expect([erased, asked]).toEqual([['ada'], ['Erase ada for good?', 'Erase ada for good?']]);
  });
});
