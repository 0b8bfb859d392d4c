import { spawn } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection, WorkflowClient } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOfTick } from '../../adapters/postgres/rollout-store.ts';
import type { RolloutReceipt } from '../../domain/rollout/receipt.ts';
import { encodeHistory } from '../support/history.ts';
import { OFFSETS } from '../support/offsets.ts';
import { openStage, type Stage } from '../support/stage.ts';
import { controlService, until } from '../support/stack.ts';
import { startReceiver } from '../support/webhook-receiver.ts';

const OFFSET = OFFSETS.steps;
const SECRET = 'a secret that only both ends know';
const deploymentWith = (hook: string, secretFile: string): string => `
canary:
  tick_seconds: 1
  warm_up_seconds: 1
  minimum_requests: 20
  max_deployment_hours: 0.1
  bake_minutes: 0.03
  steps: [{ weight: 20, window_minutes: 0.03 }, { weight: 50, window_minutes: 0.03, gate: true }]
profiles:
  long: { steps: [{ weight: 50, window_minutes: 5 }] }
  kinds:
    steps: [{ shadow: 100, window_minutes: 0.05 }, { header_only: true, window_minutes: 0.03 }, { weight: 50, window_minutes: 0.03 }, { pause: manual }]
judge: { absolute_tolerance: { errors: 0.02, slow: 0.05 }, required_metrics: [errors], response_time_floor_ms: 1000, dry_run_metrics: [slow] }
health: { interval_seconds: 5, timeout_seconds: 4, failures: 3, out_of: 3 }
notifications: { webhooks: [{ url: "${hook}", secret_file: "${secretFile}", events: all }] }
`;

describe.concurrent('the steps of a rollout', () => {
  let stage: Stage;
  let receiver: Awaited<ReturnType<typeof startReceiver>>;

  beforeAll(async () => {
    receiver = await startReceiver(SECRET, (event) => event === 'started');
    const secretFile = join(await mkdtemp(join(tmpdir(), 'mlops-secret-')), 'webhook');
    await writeFile(secretFile, `${SECRET}\n`, { mode: 0o600 });
    stage = await openStage(OFFSET, deploymentWith(receiver.url, secretFile));
  });
  afterAll(async () => {
    await stage?.close();
    receiver?.close();
  });

  it('shadow, header-only, weight and pause: no user meets the canary before the weight', async () => {
    const model = await stage.model('kinds');
    await model.start(['--profile', 'kinds']);
    await model.until(({ timeline }) => timeline.some(({ event }) => event === 'smoke-tested'));
    expect((await controlService(model.canary)).mirrored, 'copies reached the canary').toBeGreaterThan(50);
    expect(model.traffic.seen.arm['canary'] ?? 0, 'users so far').toBe(0);
    const waiting = await model.until(({ waitingFor }) => waitingFor?.kind === 'pause-step', 40_000);
    expect(waiting.intendedWeightPercent).toBe(50);
    expect(model.traffic.seen.arm['canary']).toBeGreaterThan(0);
    expect((await model.act('resume', '--reason', 'seen enough')).code).toBe(0);
    const ended = await model.ended();
    expect(ended.outcome).toBe('promoted');
    expect(ended.timeline.filter(({ event }) => ['resume', 'resumed', 'overridden'].includes(event))).toMatchObject([
      { event: 'resume', actor: ended.startedBy, detail: 'goes on (seen enough)' },
      { event: 'resumed', actor: ended.startedBy, detail: 'the planned pause of step 4 is over (seen enough)' },
    ]);
    expect(await model.weights()).toEqual([0, 0, 0, 50, 100, 0]);
  }, 120_000);

  it('keep what people did, with who and why, and count the time it took in the metrics of the API', async () => {
    const model = await stage.model('asked');
    await model.start(['--profile', 'long']);
    await model.until(({ intendedWeightPercent }) => intendedWeightPercent === 50);
    const before = Date.now();
    await model.act('pause', '--reason', 'lunch');
    const between = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 2500));
    await model.act('resume', '--reason', 'back');
    await model.act('abort', '--reason', 'enough seen');
    const { startedBy } = await model.ended();
    const receipt = await stage.project.json<RolloutReceipt>(['rollout', 'receipt', '--model', model.name]);
    const asked = receipt.events.filter(({ event }) => ['pause', 'resume', 'abort'].includes(event));
    expect(asked.map(({ event, actor, details }) => [event, actor, details['detail']])).toEqual([
      ['pause', startedBy, 'frozen at 50 % (lunch)'],
      ['resume', startedBy, 'goes on (back)'],
      ['abort', startedBy, 'weight goes to 0 (enough seen)'],
    ]);
    const times = asked.map(({ at }) => Date.parse(at));
    expect(times[0], 'the time of the pause').toBeGreaterThanOrEqual(before);
    expect(times[0], 'the time of the pause').toBeLessThanOrEqual(between + 1000);
    expect(times[1], 'the time of the resume').toBeGreaterThanOrEqual(between + 2500);
    expect(times[2], 'the time of the abort').toBeGreaterThan(times[1] ?? Infinity);
    const response = await fetch(`http://127.0.0.1:${5000 + OFFSET}/metrics`);
    const metrics = await response.text();
    const labels = 'model="asked",environment="dev"';
    expect(metrics).toContain(`rollout_info{${labels},from_version="1.0.0",to_version="1.1.0",outcome="aborted"} 1`);
    expect(metrics).toContain(`rollout_weight_percent{${labels},kind="intended"} 0`);
    expect(metrics).toContain(`rollout_duration_seconds_count{${labels},outcome="aborted"} 1`);
    expect(metrics).toContain(`rollout_duration_seconds_count{${labels},outcome="promoted"} 0`);
    const waited =
      /rollout_manual_pause_duration_seconds_sum\{model="asked",environment="dev",outcome="aborted"\} (\d+)/;
    expect(Number(waited.exec(metrics)?.[1])).toBeGreaterThanOrEqual(2);
  }, 90_000);

  it('wait at gates, tell people by signed webhooks that are tried again under the same key', async () => {
    const model = await stage.model('hooked');
    await model.start();
    await model.until(({ phase }) => phase === 'awaiting-approval');
    expect((await model.act('approve', '--reason', 'fine')).code).toBe(0);
    expect((await model.ended()).outcome).toBe('promoted');
    const events = () => receiver.of('hooked').map(({ event }) => event);
    await until(
      async () => await Promise.resolve(events()),
      (seen) => seen.includes('promoted'),
      20_000,
    );
    expect(new Set(events())).toEqual(new Set(['started', 'weight-set', 'gate', 'promoted']));
    const started = receiver.of('hooked').filter(({ event }) => event === 'started');
    expect(started.map(({ answered }) => answered)).toEqual([500, 200]);
    expect(new Set(started.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
    expect(receiver.of('hooked').every(({ signed }) => signed)).toBe(true);
  }, 120_000);

  it('can be skipped by promote, which is recorded as an override with what was missing', async () => {
    const model = await stage.model('hasty');
    await model.start(['--profile', 'long', '--gate', '100']);
    await model.until(({ step }) => step.kind === 'weight' && step.requests > 0);
    expect((await model.act('promote', '--full', '--reason', 'black friday')).code).toBe(0);
    const ended = await model.ended();
    expect(ended.outcome).toBe('promoted');
    const override = ended.timeline.find(({ event }) => event === 'overridden');
    expect(override?.detail).toMatch(
      /^straight to 100 % although missing: .+ observation window; .*the approval of 100 % \(black friday\)$/,
    );
    expect(ended.timeline.map(({ event }) => event)).not.toContain('gate');
    expect(override?.actor).not.toBe('rollout');
  }, 90_000);

  it('shows a metric that is only shown, and never lets it decide', async () => {
    const model = await stage.model('shown');
    await controlService(model.canary, { delayMs: 1100 });
    await model.start(['--profile', 'long']);
    const seen = await model.until(({ lastVerdict }) =>
      (lastVerdict?.metrics ?? []).some(({ name, evidence }) => name === 'slow' && evidence > 20),
    );
    expect(seen.lastVerdict?.metrics.find(({ name }) => name === 'slow')).toMatchObject({ dryRun: true });
    expect(seen.waitingFor).toBeNull();
    await model.act('abort');
    await model.ended();
  }, 90_000);

  it('let no other rollout of the stable version seem done, before the first weight', async () => {
    const model = await stage.model('waiting');
    await model.start(['--profile', 'long', '--gate', '50']);
    await model.until(({ waitingFor }) => waitingFor?.kind === 'gate');
    const back = await model.start(['--to', '1.0.0']);
    expect([back.code, back.stderr]).toEqual([3, expect.stringContaining('1.1.0 is already being rolled out')]);
    await model.act('abort');
    expect((await model.ended()).outcome).toBe('aborted');
    const again = await model.start(['--to', '1.0.0']);
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining('nothing to do')]);
  }, 90_000);

  it('are superseded on request: weight 0 first, verified, then the new one from the proven version', async () => {
    const model = await stage.model('superseded');
    await model.start(['--profile', 'long']);
    await model.until(({ intendedWeightPercent }) => intendedWeightPercent === 50);
    const third = await stage.project.startService('1.2.0');
    const more = ['--endpoint', `1.2.0=${third}`, '--to', '1.2.0', '--profile', 'long'];
    const refused = await model.start(more);
    expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining('ROLLOUT_ALREADY_OPEN')]);
    const back = await model.start(['--to', '1.0.0']);
    expect([back.code, back.stderr]).toEqual([3, expect.stringContaining('1.1.0 is already being rolled out')]);
    expect((await model.start([...more, '--supersede'])).code).toBe(0);
    await model.until(({ toVersion, intendedWeightPercent }) => toVersion === '1.2.0' && intendedWeightPercent === 50);
    expect(await model.weights()).toEqual([0, 50, 0, 50]);
    await model.act('abort');
    expect((await model.ended()).fromVersion).toBe('1.0.0');
  }, 90_000);

  it('do not begin when pre-flight refuses, each time with its own error, and nothing is changed', async () => {
    const model = await stage.model('refused');
    const startTo = async (endpoint: string) =>
      await model.start(['--endpoint', `1.1.0=${endpoint}`, '--timeout', '60s'], { wait: true });
    const elsewhere = await startTo('http://203.0.113.9:80');
    expect([elsewhere.code, elsewhere.stderr]).toEqual([2, expect.stringContaining('ENDPOINT_NOT_ALLOWED')]);
    const dead = await startTo('http://127.0.0.1:9');
    expect([dead.code, dead.stdout]).toEqual([3, expect.stringContaining('PREFLIGHT_UNHEALTHY')]);
    await controlService(model.canary, { redirectTo: 'http://203.0.113.9/healthz' });
    const redirected = await startTo(model.canary);
    expect([redirected.code, redirected.stdout]).toEqual([3, expect.stringContaining('answered 302, wanted 200')]);
    expect(await model.weights()).toEqual([]);
    const { rollouts } = await stage.project.json<{
      rollouts: { rolloutKey: string; outcome: string; reason: string }[];
    }>(['rollout', 'list', '--model', 'refused']);
    const refusal = { outcome: 'failed', reason: 'PREFLIGHT_UNHEALTHY' };
    expect(rollouts, 'each that was begun').toMatchObject([refusal, refusal]);
    const shown = await model.act('receipt');
    expect([shown.code, shown.stderr]).toEqual([
      0,
      expect.stringContaining(`Receipt of rollout ${rollouts[0]?.rolloutKey}: refused 1.0.0 → 1.1.0, started `),
    ]);
    expect(shown.stdout).toContain('answered 302, wanted 200');
  }, 90_000);

  it('end the watching with 5 after --timeout and 130 after Ctrl-C, and go on', async () => {
    const model = await stage.model('watched');
    const timedOut = await model.start(['--profile', 'long', '--timeout', '4s'], { wait: true });
    expect([timedOut.code, timedOut.stderr]).toEqual([5, expect.stringContaining('The rollout goes on')]);
    const watch = spawn(join(import.meta.dirname, '../../bin/mlops'), ['rollout', 'watch', '--model', model.name], {
      cwd: stage.project.root,
      env: { ...process.env, MLOPS_PORT_OFFSET: String(OFFSET) },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let text = '';
    watch.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await until(
      async () => await Promise.resolve(text),
      (seen) => seen.includes('weight-set'),
      20_000,
    );
    watch.kill('SIGINT');
    const code = await new Promise((resolve) => watch.once('exit', resolve));
    expect([code, text]).toEqual([130, expect.stringContaining('mlops rollout watch --model watched')]);
    expect((await model.status()).outcome).toBeNull();
    await model.act('abort');
    await model.ended();
  }, 90_000);

  it('leave no word of what was said in the payloads of the server, and can be found by what they are', async () => {
    const model = await stage.model('secretive');
    await model.start(['--profile', 'long', '--reason', 'xyzzy-reason']);
    await model.until(({ intendedWeightPercent }) => intendedWeightPercent === 50);
    const connection = await Connection.connect({ address: `127.0.0.1:${7233 + OFFSET}` });
    const plain = new WorkflowClient({ connection });
    const history = await plain.getHandle('rollout/dev/secretive').fetchHistory();
    const bytes = Buffer.from(encodeHistory(history)).toString('latin1');
    expect(bytes, 'it can be searched').toContain('prepareRollout');
    expect(bytes).not.toContain('xyzzy-reason');
    const query = `MlopsModel = 'secretive' AND MlopsPhase = 'canary' AND MlopsWeight = 50 AND MlopsNeedsApproval = false`;
    const found = async () => (await plain.count(query)).count;
    expect(await until(found, (count) => count > 0, 10_000)).toBe(1);
    await connection.close();
    await model.act('abort');
    await model.ended();
  }, 90_000);

  it('have every change in the ledger, which is exported, verified offline, and knows no words of people', async () => {
    const { project } = stage;
    const model = await stage.model('evident');
    await model.start(['--profile', 'long', '--reason', 'plugh-reason']);
    await model.until(({ intendedWeightPercent }) => intendedWeightPercent === 50);
    await model.act('abort', '--reason', 'xyzzy-abort');
    const ended = await model.ended();
    const exported = await project.mlops(['audit', 'export', '--out', 'ledger.jsonl']);
    expect(exported).toMatchObject({ code: 0 });
    expect(await project.mlops(['audit', 'verify', '--file', 'ledger.jsonl'])).toMatchObject({ code: 0 });
    const text = await readFile(join(project.root, 'ledger.jsonl'), 'utf8');
    expect(text).not.toMatch(/plugh-reason|xyzzy-abort/);
    expect(text).not.toContain(`"${ended.startedBy}"`);
    await project.mlops(['audit', 'export', '--out', 'opened.jsonl', '--payloads']);
    expect(await project.mlops(['audit', 'verify', '--file', 'opened.jsonl'])).toMatchObject({ code: 0 });
    expect(await readFile(join(project.root, 'opened.jsonl'), 'utf8')).toMatch(/xyzzy-abort/);

    const { events } = await project.json<{ events: LedgerEntry[] }>(
      'audit query --resource rollout/dev/evident --oldest-first --limit 1000'.split(' '),
    );
    const receipt = await project.json<RolloutReceipt>(['rollout', 'receipt', '--model', 'evident']);
    // Every look of the receipt is the one whose digest the ledger holds.
    const judged = events.filter(({ type }) => type === 'rollout.judged');
    expect(judged.map(({ facts }) => facts.rowDigest)).toEqual(receipt.ticks.map((tick) => digestOfTick(tick)));
    const types = events.map(({ type }) => type);
    expect(types).toEqual(expect.arrayContaining(['rollout.opened', 'rollout.closed']));
    // The rest is the story, in its order.
    const others = ['rollout.opened', 'rollout.closed', 'rollout.judged', 'incident.opened'];
    expect(types.filter((type) => !others.includes(type))).toEqual(
      receipt.events.map(({ event }) => `rollout.${event}`),
    );
    const traffic = await project.json<{ events: LedgerEntry[] }>(
      'audit query --resource traffic/dev/evident --type traffic.applied --oldest-first'.split(' '),
    );
    const applied = receipt.writes.filter(({ appliedAt }) => appliedAt !== null);
    expect(traffic.events.map(({ facts }) => facts.generation).slice(-applied.length)).toEqual(
      applied.map(({ generation }) => generation),
    );
    const selection = await project.mlops(['audit', 'export', '--out', 'some.jsonl', '--type', 'rollout.closed']);
    expect(selection.code).toBe(0);
    expect(await project.mlops(['audit', 'verify', '--file', 'some.jsonl'])).toMatchObject({ code: 0 });
    const api = `http://127.0.0.1:${5000 + OFFSET}/api/v1/audit`;
    expect(await (await fetch(`${api}/keys`)).text()).toBe(
      await readFile(join(project.root, '.mlops/audit/trusted-keys'), 'utf8'),
    );
    await writeFile(join(project.root, 'kept.note'), await (await fetch(`${api}/checkpoint`)).text());
    await project.mlops(['audit', 'export', '--out', 'later.jsonl']);
    const later = ['audit', 'verify', '--file', 'later.jsonl', '--checkpoint', 'kept.note'];
    expect(await project.mlops(later)).toMatchObject({ code: 0 });
  }, 90_000);
});

interface LedgerEntry {
  readonly type: string;
  readonly facts: { readonly rowDigest?: string; readonly generation?: number };
}
