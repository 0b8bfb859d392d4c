import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { databaseUrlOf } from '../../adapters/postgres/pool.ts';
import { connectTemporal } from '../../adapters/temporal/connect.ts';
import { scheduleId } from '../../adapters/temporal/schedules.ts';
import { connect, type Mlops, type ActionOrder } from '../../client/index.ts';
import { loadConfig } from '../../config/load.ts';
import type { GuardReport } from '../../activities/guard.ts';
import { TASK_QUEUE, type RolloutStatus } from '../../workflows/messages.ts';
import { readHistory, replayHistory } from '../support/history.ts';
import { OFFSETS } from '../support/offsets.ts';
import { openStage, type Stage, type StagedModel } from '../support/stage.ts';
import { controlService, until } from '../support/stack.ts';
import { findInvalidReceipts } from '../support/verify-receipts.ts';
import { startReceiver } from '../support/webhook-receiver.ts';

const OFFSET = OFFSETS.behaviour;
const SECRET = 'a secret that only both ends know';
/** Of two receivers one never answers. */
const deploymentWith = (dead: string, hook: string, secretFile: string): string => `
canary:
  tick_seconds: 1
  warm_up_seconds: 1
  minimum_requests: 20
  max_deployment_hours: 0.1
  bake_minutes: 0.02
  steps: [{ weight: 50, window_minutes: 5 }]
profiles:
  gate_first: { steps: [{ weight: 20, window_minutes: 5, gate: true }] }
  gate_second: { steps: [{ weight: 20, window_minutes: 0.02 }, { weight: 50, window_minutes: 5, gate: true }] }
  smoke: { steps: [{ shadow: 100, window_minutes: 0.03 }, { header_only: true }, { weight: 50, window_minutes: 5 }] }
judge: { absolute_tolerance: { errors: 0.02, slow: 0.05 }, required_metrics: [errors], response_time_floor_ms: 1000 }
health: { interval_seconds: 10, timeout_seconds: 3, failures: 3, out_of: 3 }
notifications:
  webhooks:
    - { url: "${dead}", secret_file: "${secretFile}", events: all }
    - { url: "${hook}", secret_file: "${secretFile}", events: all }
`;

describe('a rollout', () => {
  let stage: Stage;
  let mlops: Mlops;
  let config: ReturnType<typeof loadConfig>['config'];
  let temporal: Awaited<ReturnType<typeof connectTemporal>>;
  let receiver: Awaited<ReturnType<typeof startReceiver>>;
  const dead = createServer(() => undefined);

  beforeAll(async () => {
    receiver = await startReceiver(SECRET, () => false);
    const secretFile = join(await mkdtemp(join(tmpdir(), 'mlops-secret-')), 'webhook');
    await writeFile(secretFile, `${SECRET}\n`, { mode: 0o600 });
    await new Promise<void>((resolve) => dead.listen(0, '127.0.0.1', resolve));
    const deadUrl = `http://127.0.0.1:${(dead.address() as AddressInfo).port}/`;
    stage = await openStage(OFFSET, deploymentWith(deadUrl, receiver.url, secretFile));
    const env = { MLOPS_PORT_OFFSET: String(OFFSET) };
    mlops = connect({ workingDirectory: stage.project.root, env });
    config = loadConfig({ env, workingDirectory: stage.project.root, portOffset: OFFSET }).config;
    temporal = await connectTemporal(config);
  });
  afterAll(async () => {
    await Promise.allSettled([mlops?.close(), temporal?.connection.close()]);
    await stage?.close();
    receiver?.close();
    dead.close().closeAllConnections();
  });

  // Without a process for each look: several rollouts go on at once.
  const start = async (model: StagedModel, profile: string) =>
    await mlops.rollouts.start({
      model: model.name,
      fromVersion: '1.0.0',
      toVersion: '1.1.0',
      profile,
      endpoints: { '1.0.0': model.stable, '1.1.0': model.canary },
      gates: [],
      actor: 'ann',
      reason: '',
    });
  const act = async (model: StagedModel, kind: ActionOrder['kind'], reason: string, full = false) =>
    await mlops.rollouts.act(model.name, { kind, actor: 'ann', reason, full });
  const reached = async (model: StagedModel, holds: (status: RolloutStatus) => boolean): Promise<RolloutStatus> =>
    await until(async () => await mlops.rollouts.status(model.name), holds, 40_000);
  const ended = async (model: StagedModel): Promise<RolloutStatus> => {
    const result = await mlops.rollouts.result(model.name, AbortSignal.timeout(40_000));
    if (result === null) throw new Error(`${model.name} has not ended in 40 s`);
    return result.status;
  };
  const has = (status: RolloutStatus, event: string): boolean => status.timeline.some((entry) => entry.event === event);

  describe.concurrent('does as it is told', () => {
    it('when it is paused before its first step: the weight stays 0 until it is resumed', async () => {
      const model = await stage.model('early', 60);
      await controlService(model.canary, { healthDelayMs: 1000 });
      await start(model, 'default');
      await act(model, 'pause', 'not yet');
      const held = await reached(model, (status) => has(status, 'started') && status.phase === 'paused');
      expect(held.waitingFor).toMatchObject({ kind: 'resume', reason: 'paused by ann: not yet' });
      await new Promise((resolve) => setTimeout(resolve, 2000));
      expect(await model.weights()).toEqual([0]);
      await act(model, 'resume', 'now');
      await reached(model, ({ intendedWeightPercent }) => intendedWeightPercent === 50);
      await act(model, 'abort', 'seen enough');
      await ended(model);
    }, 120_000);

    it('when it is paused at a gate that is then approved; signals it refuses are in its receipt', async () => {
      const model = await stage.model('gated', 60);
      const order = ['--profile', 'gate_first', '-o', 'json'];
      const started = JSON.parse((await model.start(order)).stdout) as Record<string, unknown>;
      expect(started).toMatchObject({
        schemaVersion: 1,
        rolloutId: 'rollout/dev/gated',
        rolloutKey: started['runId'],
        model: 'gated',
        environment: 'dev',
        fromVersion: '1.0.0',
        toVersion: '1.1.0',
        outcome: null,
        intendedWeightPercent: 0,
        step: { index: 0, of: 2 },
        receipt: 'mlops rollout receipt --model gated',
        attached: false,
      });
      const handle = temporal.workflow.getHandle('rollout/dev/gated');
      await reached(model, ({ phase }) => phase === 'awaiting-approval');
      const watched = await stage.project.mlops(['rollout', 'watch', '--model', 'gated', '--timeout', '5s']);
      expect([watched.code, watched.stderr]).toEqual([6, expect.stringContaining('The rollout goes on')]);
      for (const input of [{ actor: ['eve'] }, { approved: false }, [1, 2]]) await handle.signal('approve', input);
      await handle.signal('aprove');
      await act(model, 'pause', 'lunch');
      await act(model, 'approve', 'fine');
      await new Promise((resolve) => setTimeout(resolve, 2000));
      expect((await mlops.rollouts.status('gated')).phase).toBe('paused');
      expect(await model.weights()).toEqual([0]);
      await act(model, 'resume', 'back');
      await reached(model, ({ intendedWeightPercent }) => intendedWeightPercent === 20);
      await handle.signal('approve', { actor: 'bob' });
      await reached(model, ({ timeline }) => timeline.filter(({ event }) => event === 'approval-refused').length === 4);
      await act(model, 'abort', 'seen enough');
      await ended(model);
      const refused = (await mlops.rollouts.receipt('gated'))?.events.filter(({ event }) => event.endsWith('-refused'));
      expect(refused?.map(({ event, actor, details }) => [event, actor, details['detail']])).toEqual([
        ...[1, 2, 3].map(() => [
          'approval-refused',
          'signal',
          expect.stringMatching(/^its input is not understood: wanted /),
        ]),
        ['signal-refused', 'signal', 'no signal is named aprove: wanted approve'],
        ['approval-refused', 'signal', 'nothing waits for an approval (claims to be bob)'],
      ]);
    }, 120_000);

    it('when it is promoted at a gate: straight to 100 %, an override; no receiver keeps it from ending', async () => {
      const model = await stage.model('overridden', 60);
      await start(model, 'gate_second');
      await reached(model, ({ phase }) => phase === 'awaiting-approval');
      await act(model, 'promote', 'black friday', true);
      const { outcome, timeline } = await ended(model);
      expect(outcome).toBe('promoted');
      expect(await model.weights()).toEqual([0, 20, 100, 0]);
      expect(timeline.find(({ event }) => event === 'overridden')).toMatchObject({
        actor: 'ann',
        // Whether evidence was missing too depends on how fast it came.
        detail: expect.stringMatching(
          /^straight to 100 % although missing: the approval of 50 %(; .*)? \(black friday\)$/,
        ) as string,
      });
      expect(timeline.map(({ event }) => event)).not.toContain('approved');
      await until(
        async () => await Promise.resolve(receiver.of('overridden')),
        (seen) => seen.some(({ event }) => event === 'promoted'),
        10_000,
      );
      const keys = receiver.of('overridden').map(({ idempotencyKey }) => idempotencyKey);
      expect(new Set(keys).size, 'the receiver that answers is told once').toBe(keys.length);
      const waiting = `WorkflowType = 'notification' AND ExecutionStatus = 'Running'`;
      expect((await temporal.workflow.count(waiting)).count, 'the other one is tried again').toBeGreaterThan(0);
      const late = await model.act('pause');
      expect([late.code, late.stderr]).toEqual([3, expect.stringContaining('Pause refused: the rollout has ended')]);
      const again = JSON.parse((await model.start(['-o', 'json'])).stdout) as object;
      expect(again).toMatchObject({ rolloutId: 'rollout/dev/overridden', phase: 'closed', outcome: 'promoted' });
    }, 120_000);

    it('when it is promoted while a weight is written: out of the step that is being entered', async () => {
      const model = await stage.model('mid_write', 60);
      await start(model, 'gate_first');
      await reached(model, ({ phase }) => phase === 'awaiting-approval');
      const writes = await holdWrites(model.name);
      await act(model, 'approve', 'fine');
      await writes.untilHeld();
      await act(model, 'promote', 'in a hurry');
      expect(await model.weights(), 'the write goes on').toEqual([0]);
      await writes.release();
      const { outcome, timeline } = await ended(model);
      expect(outcome).toBe('promoted');
      expect(await model.weights()).toEqual([0, 20, 100, 0]);
      expect(timeline.find(({ event }) => event === 'overridden')).toMatchObject({
        actor: 'ann',
        detail: expect.stringMatching(/^next step although missing: .+ observation window.* \(in a hurry\)$/) as string,
      });
    }, 120_000);

    it('until its smoke test fails: rolled back with the reason, and no user has met the canary', async () => {
      const model = await stage.model('smoke', 60);
      await start(model, 'smoke');
      await reached(model, (status) => has(status, 'weight-set'));
      // Health checks, which ask the canary itself, find nothing: on a slow machine they would be first to end it.
      await controlService(model.canary, {
        redirectTo: 'http://127.0.0.1:9/elsewhere',
        isRedirectedOnlyThroughGateway: true,
      });
      const { outcome, reason } = await ended(model);
      expect(outcome).toBe('rolled-back');
      expect(reason).toMatch(/^smoke-test: Smoke test of smoke 1\.1\.0 .* failed: answered 302 /);
      expect((await mlops.rollouts.receipt('smoke'))?.outcome).toMatchObject({
        outcome: 'rolled-back',
        reason: 'smoke-test',
      });
      expect(model.traffic.seen.arm['canary'] ?? 0).toBe(0);
      expect((await stage.project.mlops(['rollout', 'watch', '--model', 'smoke'])).code).toBe(3);
    }, 120_000);

    it('when it is aborted while stable is down: users go to the canary, and back once stable is healthy', async () => {
      const model = await stage.model('deserted', 60);
      const guard = async (workflowId: string) =>
        (await temporal.workflow.execute('trafficGuard', {
          workflowId,
          taskQueue: TASK_QUEUE,
          args: [{ environment: 'dev' }],
        })) as GuardReport;
      await start(model, 'default');
      await reached(model, ({ intendedWeightPercent }) => intendedWeightPercent === 50);
      await controlService(model.stable, { status: 'down' });
      await act(model, 'abort', 'users see errors');
      const { outcome, reason } = await ended(model);
      expect([outcome, reason]).toEqual([
        'failed',
        expect.stringMatching(
          /^stable-down: stable 1\.0\.0 is down \(.*\); all traffic went to 1\.1\.0, .*; wanted to end as aborted \(aborted\)$/,
        ),
      ]);
      const left = await guard('guard-of-a-dead-stable');
      expect([left.left.includes('deserted'), left.returned.includes('deserted')]).toEqual([true, false]);
      expect(await model.weights()).toEqual([0, 50, 100]);
      await controlService(model.stable, { status: 'ok' });
      await guard('guard-of-a-healthy-stable');
      expect(await model.weights()).toEqual([0, 50, 100, 0]);
    }, 120_000);

    it('or says that it is broken when it was terminated: the guard closes it, and another can begin', async () => {
      const model = await stage.model('broken', 60);
      await start(model, 'default');
      await reached(model, ({ intendedWeightPercent }) => intendedWeightPercent === 50);
      await temporal.workflow.getHandle('rollout/dev/broken').terminate('by hand');
      for (const verb of ['status', 'watch']) {
        const { code, stderr } = await stage.project.mlops(['rollout', verb, '--model', 'broken']);
        expect([code, stderr]).toEqual([1, expect.stringContaining('its workflow was terminated (ROLLOUT_BROKEN)')]);
        expect(stderr).toContain('`mlops rollback broken`');
      }
      await temporal.schedule.getHandle(scheduleId('traffic-guard', 'dev')).trigger();
      const listed = async () => (await mlops.rollouts.list('broken'))[0];
      expect(await until(listed, (newest) => newest?.outcome !== null, 30_000)).toMatchObject({
        outcome: 'failed',
        reason: 'broken',
      });
      await until(
        async () => await model.weights(),
        (weights) => weights.at(-1) === 0,
        10_000,
      );
      expect((await model.writes()).at(-1)?.idempotencyKey).toContain('traffic-guard/');
      await start(model, 'default');
      await reached(model, ({ intendedWeightPercent }) => intendedWeightPercent === 50);
      await act(model, 'abort', 'seen enough');
      expect((await ended(model)).outcome).toBe('aborted');
    }, 120_000);
  });

  it.each(['early', 'gated', 'overridden', 'mid_write', 'smoke', 'deserted'])(
    '%s replays as it went',
    async (model) => {
      const id = `rollout/dev/${model}`;
      const history = await readHistory(stage.project.root, OFFSET, id);
      await expect(replayHistory(history, id, join(stage.project.root, '.mlops'))).resolves.toBeUndefined();
    },
  );

  it('has receipts that verify, however it ended', async () => {
    expect(await findInvalidReceipts(stage.project)).toEqual([]);
  }, 120_000);

  /** Takes the next generation of a model in a transaction that stays open: its next write of a weight waits for the end. */
  async function holdWrites(model: string) {
    const client = new Client({ connectionString: databaseUrlOf(config) });
    await client.connect();
    await client.query('BEGIN');
    await client.query(
      `INSERT INTO traffic_write (model, environment, generation, idempotency_key, split, actor, reason)
       SELECT model, environment, generation + 1, 'held', split, 'test', 'never committed'
       FROM traffic_write WHERE model = $1 ORDER BY generation DESC LIMIT 1`,
      [model],
    );
    onTestFinished(async () => await client.end());
    // Not pg_stat_activity: a transaction sees that as it was when it first looked, without connections made since.
    const waiting = async (): Promise<number> =>
      (await client.query('SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))'))
        .rows.length;
    return {
      untilHeld: async () => await until(waiting, (writers) => writers > 0, 10_000),
      release: async () => await client.end(),
    };
  }
});
