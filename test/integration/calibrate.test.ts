import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseUrlOf } from '../../adapters/postgres/pool.ts';
import { loadConfig } from '../../config/load.ts';
import type { RolloutReceipt } from '../../domain/rollout/receipt.ts';
import { historyOf } from '../support/histories.ts';
import { OFFSETS } from '../support/offsets.ts';
import { openStage, type Stage } from '../support/stage.ts';
import { controlService } from '../support/stack.ts';

const OFFSET = OFFSETS.calibrate;
const DEPLOYMENT = `
# What people wrote stays.
canary:
  tick_seconds: 1
  warm_up_seconds: 1
  minimum_requests: 20
  max_deployment_hours: 0.1
  bake_minutes: 0.02
  steps: [{ weight: 50, window_minutes: 2 }]
profiles:
  shadowed: { steps: [{ shadow: 100, window_minutes: 0.05 }, { weight: 50, window_minutes: 1 }], shadow_minimum_overlap: 0.8 }
judge: { noise: quiet, max_error_rate: 0.6, absolute_tolerance: { errors: 0.02, slow: 0.05 }, required_metrics: [errors], response_time_floor_ms: 1000, dry_run_metrics: [slow] }
`;
const NOISY = { ticks: 1600, fastCv: 0.3, bursts: { factor: 6, meanTicks: 5, share: 0.13 } };

describe.concurrent('calibration', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage(OFFSET, DEPLOYMENT);
    await writeFile(join(stage.project.root, 'config/monitoring.yaml'), 'alert_thresholds: { error_rate: 0.6 }\n');
  });
  afterAll(async () => await stage?.close());

  it('by an A/A run: collects looks of the stable version against itself, promotes nothing, and reads them', async () => {
    const model = await stage.model('alone');
    const from = ['--from', '1.0.0', '--endpoint', `1.0.0=${model.stable}`];
    const run = await model.act('calibrate', '--run', '--minutes', '0.1', '--share', '40', '--detach', ...from);
    expect(run.code, run.stderr).toBe(0);
    await model.until(({ intendedWeightPercent }) => intendedWeightPercent === 40);
    expect((await model.act('promote', '--full')).stderr).toContain('nothing to promote');
    const { outcome, fromVersion, toVersion } = await model.ended();
    expect([outcome, fromVersion, toVersion]).toEqual(['completed', '1.0.0', '1.0.0']);
    expect(await model.weights()).toEqual([0, 40, 0]);
    expect(model.traffic.seen.arm['canary']).toBeGreaterThan(0);
    const looks = (await receiptOf(model.name)).ticks.filter(({ judged }) => judged).length;
    expect(looks).toBeGreaterThan(2);
    const read = await model.act('calibrate');
    expect(read.code, 'too few to know').toBe(7);
    expect(Number(/: (\d+) ticks with errors counted/.exec(read.stderr)?.[1]), read.stderr).toBeGreaterThanOrEqual(
      2 * looks,
    );
  }, 60_000);

  it('of a noisy service: holds until it is written, then rolls back by itself', async () => {
    const model = await stage.model('noisy');
    await seedHistory(model.name);
    const planOf = async (): Promise<string> =>
      (await model.act('plan', '--from', '1.0.0', '--to', '1.1.0', ...endpointsOf(model))).stdout;
    expect(await planOf()).toContain('automatic rollback is not armed');
    await controlService(model.canary, { errorShare: 0.2 });
    await model.start();
    const held = await model.until(({ waitingFor }) => waitingFor?.kind === 'review');
    expect(held.waitingFor?.reason).toContain('errors of the canary');
    expect(held.timeline.some(({ event, detail }) => event === 'held' && detail.includes('not armed'))).toBe(true);
    expect((await model.act('explain')).stdout).toContain('Arm it with: mlops rollout calibrate');
    await model.act('deny');
    await model.ended();
    expect((await receiptOf(model.name)).rollout.policy['noiseBasis']).toContain('not armed');

    const written = await model.act('calibrate', '--metric', 'errors', '--write');
    expect(written.code, written.stdout + written.stderr).toBe(0);
    const text = await readFile(join(stage.project.root, 'config/deployment.yaml'), 'utf8');
    expect(text).toContain('# What people wrote stays.');
    expect(text).toContain('source: recorded looks');
    const { stdout: origins } = await stage.project.mlops(['config', 'show', '--origin']);
    expect(origins).toMatch(/models\.noisy\.calibration\.ticks +16\d\d +config\/deployment\.yaml:\d+/);
    expect(await planOf()).toContain('automatic rollback is armed');
    await model.start();
    expect(await model.ended()).toMatchObject({ outcome: 'rolled-back' });
    expect((await model.status()).reason).toContain('errors of the canary');
    expect(await verifyLast(model.name)).toContain('valid');
  }, 90_000);

  it('of mirrored answers: a shadow step that retrieves something else is rolled back before any user sees it', async () => {
    const model = await stage.model('elsewhere');
    await controlService(model.canary, { ids: ['a', 'c'] });
    await model.start(['--profile', 'shadowed']);
    expect(await model.ended()).toMatchObject({
      outcome: 'rolled-back',
      lastVerdict: { overlap: { verdict: 'fail' } },
    });
    expect((await model.status()).reason).toContain('overlap of');
    expect(model.traffic.seen.arm['canary'] ?? 0).toBe(0);
    expect((await model.act('explain')).code).toBe(3);
    expect((await model.act('receipt')).stdout).toContain('overlap: fail');
    expect(await verifyLast(model.name)).toContain('valid');
    await controlService(model.canary, { ids: ['a', 'b'] });
    await model.start(['--profile', 'shadowed']);
    await model.until(({ intendedWeightPercent }) => intendedWeightPercent === 50);
    expect((await model.act('abort')).code).toBe(0);
  }, 60_000);

  const receiptOf = async (model: string) =>
    await stage.project.json<RolloutReceipt>(['rollout', 'receipt', '--model', model]);

  async function verifyLast(model: string): Promise<string> {
    const file = join(stage.project.root, `${model}.json`);
    await stage.project.mlops(['rollout', 'receipt', '--model', model, '--out', file]);
    return (await stage.project.mlops(['rollout', 'receipt', '--verify', file])).stdout;
  }

  /** Looks of an earlier rollout of this model. */
  async function seedHistory(model: string): Promise<void> {
    const { config } = loadConfig({ env: { MLOPS_PORT_OFFSET: String(OFFSET) }, workingDirectory: stage.project.root });
    const client = new Client({ connectionString: databaseUrlOf(config) });
    await client.connect();
    // As from before the ledger: nothing happened here that it could tell of.
    await client.query('SET session_replication_role = replica');
    await client.query(
      `INSERT INTO rollout (rollout_key, rollout_id, model, environment, from_version, to_version, plan, policy, started_by, started_at, outcome, engine)
       VALUES ('earlier', 'earlier', $1, 'dev', '0.8.0', '0.9.0', '{}', '{"tickSeconds": 1}', 'test', now() - interval '1 day', 'aborted', '{}')`,
      [model],
    );
    const looks = historyOf(NOISY).map((control) => ({ control, canary: { requests: 0, errors: 0 } }));
    await client.query(
      `INSERT INTO rollout_tick (rollout_key, tick, at, step, judged, input, verdict, engine)
       SELECT 'earlier', number - 1, now() - interval '1 day', 0, true, look, '{}', 'test'
       FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS looks (look, number)`,
      [JSON.stringify(looks)],
    );
    await client.end();
  }
});

function endpointsOf({ stable, canary }: { readonly stable: string; readonly canary: string }): string[] {
  return ['--endpoint', `1.0.0=${stable}`, '--endpoint', `1.1.0=${canary}`];
}
