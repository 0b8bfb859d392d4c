import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OFFSETS } from '../support/offsets.ts';
import { openStage, type Stage } from '../support/stage.ts';
import { controlService } from '../support/stack.ts';

const DEPLOYMENT = `
canary:
  tick_seconds: 1
  warm_up_seconds: 1
  minimum_requests: 20
  max_deployment_hours: 0.1
  bake_minutes: 0.03
  steps: [{ weight: 20, window_minutes: 0.04 }, { weight: 50, window_minutes: 0.04 }]
profiles:
  long: { steps: [{ weight: 50, window_minutes: 5 }] }
  frozen: { auto_rollback: false, steps: [{ weight: 50, window_minutes: 5 }] }
  brief: { max_deployment_hours: 0.004, minimum_requests: 1 }
  gated: { steps: [{ weight: 20, window_minutes: 0.02 }, { weight: 50, window_minutes: 0.02, gate: true }] }
judge: { absolute_tolerance: { errors: 0.02, slow: 0.05 }, required_metrics: [errors], response_time_floor_ms: 50 }
health: { interval_seconds: 1, timeout_seconds: 1, failures: 2, out_of: 3 }
`;

describe.concurrent('a rollout in which something goes wrong', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await openStage(OFFSETS.breaches, DEPLOYMENT);
  });
  afterAll(async () => {
    await stage?.close();
  });

  it('that answers slowly is frozen for a review; approved, it goes on without that metric', async () => {
    const model = await stage.model('slow-approved');
    await controlService(model.canary, { delayMs: 180 });
    await model.start();
    const held = await model.until(({ phase }) => phase === 'paused');
    expect(held.waitingFor).toMatchObject({ kind: 'review', reason: expect.stringContaining('slow') });
    expect((await model.act('status')).code, 'waits for a person').toBe(6);
    const frozenAt = held.intendedWeightPercent;
    expect(frozenAt).toBeGreaterThan(0);
    expect((await model.status()).intendedWeightPercent, 'the weight stays').toBe(frozenAt);
    expect((await model.act('approve', '--reason', 'the new index is worth it')).code).toBe(0);
    const ended = await model.ended(60_000);
    expect(ended.outcome, ended.reason ?? '').toBe('promoted');
    expect(ended.timeline).toContainEqual(
      expect.objectContaining({ event: 'approve', detail: expect.stringContaining('the new index is worth it') }),
    );
  }, 120_000);

  it('that answers slowly is rolled back when the review is denied', async () => {
    const model = await stage.model('slow-denied');
    await controlService(model.canary, { delayMs: 180 });
    await model.start(['--profile', 'long']);
    await model.until(({ waitingFor }) => waitingFor?.kind === 'review');
    expect((await model.act('deny', '--reason', 'too slow')).code).toBe(0);
    const ended = await model.ended();
    expect(ended).toMatchObject({ outcome: 'rolled-back', reason: 'denied: too slow', intendedWeightPercent: 0 });
    expect((await model.weights()).at(-1)).toBe(0);
  }, 90_000);

  it('freezes instead of rolling back when auto_rollback is off, pages, and weight 0 is one command away', async () => {
    const model = await stage.model('frozen');
    await controlService(model.canary, { errorShare: 0.3 });
    await model.start(['--profile', 'frozen']);
    const held = await model.until(({ waitingFor }) => waitingFor?.kind === 'review');
    expect(held.intendedWeightPercent).toBe(50);
    expect(held.timeline).toContainEqual(
      expect.objectContaining({ event: 'held', detail: expect.stringContaining('auto_rollback is off') }),
    );
    expect((await model.act('abort', '--reason', 'enough')).code).toBe(0);
    expect(await model.ended()).toMatchObject({ outcome: 'aborted', intendedWeightPercent: 0 });
    expect((await model.weights()).at(-1)).toBe(0);
  }, 90_000);

  it('with a success rate under 95 % leaves an incident where people look', async () => {
    const model = await stage.model('incident');
    await controlService(model.canary, { errorShare: 0.3 });
    await model.start(['--profile', 'frozen']);
    const seen = await model.until(({ timeline }) => timeline.some(({ event }) => event === 'incident'));
    expect(seen.timeline.find(({ event }) => event === 'incident')?.detail).toMatch(
      /^Success rate of canary 1\.1\.0 is \d+\.\d+ %, wanted at least 95 %$/,
    );
    expect(seen.timeline.filter(({ event }) => event === 'incident')).toHaveLength(1);
    await model.act('abort');
    await model.ended();
  }, 90_000);

  it('that lacks evidence at its deadline is rolled back as inconclusive, exit code 7', async () => {
    const model = await stage.model('too-quiet', 3);
    const run = await model.start(['--profile', 'brief', '--timeout', '60s'], { wait: true });
    expect(run.code, run.stdout + run.stderr).toBe(7);
    const status = await model.status();
    expect(status).toMatchObject({ outcome: 'rolled-back', intendedWeightPercent: 0 });
    expect(status.reason).toMatch(/^inconclusive: max_deployment_hours 0\.00389 has passed/);
  }, 90_000);

  it('is rolled back when the canary fails k of n health checks', async () => {
    const model = await stage.model('unwell');
    await model.start(['--profile', 'long']);
    await model.until(({ intendedWeightPercent }) => intendedWeightPercent === 50);
    await controlService(model.canary, { status: 'index is corrupt' });
    const ended = await model.ended();
    expect(ended.outcome).toBe('rolled-back');
    expect(ended.reason).toMatch(
      /^health: canary 1\.1\.0 failed 2 of its last \d health checks: status is "index is c/,
    );
    expect((await model.weights()).at(-1)).toBe(0);
  }, 90_000);

  it('whose stable version is down moves its users to the canary, which works, and has failed', async () => {
    const model = await stage.model('stable-down');
    await model.start(['--profile', 'long']);
    await model.until(({ intendedWeightPercent }) => intendedWeightPercent === 50);
    await controlService(model.stable, { status: 'down' });
    const ended = await model.ended();
    expect(ended).toMatchObject({ outcome: 'failed', intendedWeightPercent: 100 });
    expect(ended.reason).toMatch(
      /^stable-down: stable 1\.0\.0 is down \(status is "down".*\); all traffic went to 1\.1\.0, the arm that works, which had 50 %$/,
    );
    expect(ended.timeline.filter(({ event }) => event === 'weight-set').at(-1)).toMatchObject({
      detail: 'stable-down: all traffic to the arm that works',
      weightPercent: 100,
    });
    expect(await model.weights(), 'once').toEqual([0, 50, 100]);
    expect((await model.writes()).at(-1)?.split.stable.version, 'the canary is not made stable').toBe('1.0.0');
  }, 90_000);

  it('of which both arms are down moves nobody, and has failed', async () => {
    const model = await stage.model('both-down');
    await model.start(['--profile', 'long']);
    await model.until(({ intendedWeightPercent }) => intendedWeightPercent === 50);
    await Promise.all([model.stable, model.canary].map(async (arm) => await controlService(arm, { status: 'down' })));
    const ended = await model.ended();
    // Stable may be found down before the canary, or when traffic was to go back to it.
    expect(ended).toMatchObject({ outcome: 'failed', intendedWeightPercent: 50 });
    expect(ended.reason).toMatch(/^stable-down: .*; traffic stays where it is, 50 % on 1\.1\.0: /);
    expect((await model.weights()).at(-1), 'nothing was moved').toBe(50);
  }, 90_000);

  it('that harms users while it is paused is rolled back all the same', async () => {
    const model = await stage.model('paused-breach');
    await model.start(['--profile', 'long']);
    await model.until(({ intendedWeightPercent }) => intendedWeightPercent === 50);
    expect((await model.act('pause', '--reason', 'lunch')).code).toBe(0);
    expect((await model.status()).phase).toBe('paused');
    await controlService(model.canary, { errorShare: 0.3 });
    expect(await model.ended()).toMatchObject({ outcome: 'rolled-back', intendedWeightPercent: 0 });
  }, 90_000);

  it('that harms users while a gate waits is rolled back: a breach beats an approval', async () => {
    const model = await stage.model('gate-breach');
    await model.start(['--profile', 'gated']);
    await model.until(({ phase }) => phase === 'awaiting-approval');
    await controlService(model.canary, { errorShare: 0.4 });
    const ended = await model.ended();
    expect(ended.outcome).toBe('rolled-back');
    expect(await model.weights()).toEqual([0, 20, 0]);
    const late = await model.act('approve', '--reason', 'too late');
    expect(late.code).toBe(3);
    expect(late.stderr).toContain('Approve refused: the rollout has ended (ROLLOUT_REFUSED_ACTION)');
  }, 90_000);

  it('tells when an arm uses more than 80 % of its memory or CPU limit, once each', async () => {
    const model = await stage.model('hungry');
    await controlService(model.canary, { memoryBytes: 900, memoryLimitBytes: 1000 });
    await controlService(model.stable, { cpuCores: 1.9, cpuLimitCores: 2 });
    await model.start(['--profile', 'long']);
    const alertsOf = ({ timeline }: Awaited<ReturnType<typeof model.status>>) =>
      timeline.filter(({ event }) => event === 'scale-alert').map(({ detail }) => detail);
    const told = await model.until((status) => alertsOf(status).length > 1);
    expect(alertsOf(told)).toEqual([
      'stable 1.0.0 uses 95 % of its CPU limit, wanted at most 80 %',
      'canary 1.1.0 uses 90 % of its memory limit, wanted at most 80 %',
    ]);
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(alertsOf(await model.status())).toHaveLength(2);
    await model.act('abort');
    await model.ended();
  }, 90_000);
});
