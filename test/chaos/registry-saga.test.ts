import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseUrlOf } from '../../adapters/postgres/pool.ts';
import { loadConfig } from '../../config/load.ts';
import { identitiesOf, readHistory } from '../support/history.ts';
import { keepDyingWorkers } from '../support/kill-grid.ts';
import type { RolloutStatus } from '../../workflows/messages.ts';
import { OFFSETS } from '../support/offsets.ts';
import { createStatusReader, readWrites, startArguments, type StatusReader } from '../support/rollouts.ts';
import { createProject, until, type TestProject } from '../support/stack.ts';
import { startTraffic, type Traffic } from '../support/traffic.ts';

const OFFSET = OFFSETS.registrySaga;
const MODEL = 'governed';
const DEPLOYMENT = `
canary:
  tick_seconds: 1
  warm_up_seconds: 1
  minimum_requests: 20
  max_deployment_hours: 0.3
  bake_minutes: 0.03
  steps: [{ weight: 50, window_minutes: 0.03 }]
judge: { absolute_tolerance: { errors: 0.02, slow: 0.05 }, required_metrics: [errors], response_time_floor_ms: 1000, minimum_success_rate: 0.5 }
`;
/** Around each step of the saga: the versions are let in, the stage moves, the last split is written, the end is recorded. */
const MOMENTS =
  /(examineVersions|promoteVersion|applySplit|closeRollout): (start|after (versions\.(admit|promote)|router\.apply|rollouts\.close))/;

describe('the promotion of a governed version', () => {
  let project: TestProject;
  let traffic: Traffic;
  let statuses: StatusReader;
  const endpoints: Record<string, string> = {};

  beforeAll(async () => {
    project = await createProject(OFFSET, DEPLOYMENT);
    statuses = createStatusReader(project, OFFSET);
    await ok(['up', '--detach']);
    await ok(['identity', 'create', 'ben', '--role', 'approver']);
    for (const version of ['1.0.0', '1.1.0']) endpoints[version] = await project.startService(version);
    traffic = startTraffic({ url: project.gateway, model: MODEL, perSecond: 100 });
  });
  afterAll(async () => {
    await traffic?.stop();
    await statuses?.close();
    await project?.remove();
  });

  const ok = async (args: readonly string[], env: Record<string, string> = {}): Promise<string> => {
    const { code, stderr, stdout } = await project.mlops(args, { env });
    expect(code, `mlops ${args.join(' ')}\n${stderr}${stdout}`).toBe(0);
    return stdout;
  };
  /** Null while nobody answers: the worker has just died. */
  const status = async (): Promise<RolloutStatus | null> => await statuses.of(MODEL).catch(() => null);
  const start = async (): Promise<string> =>
    await ok(startArguments(MODEL, '1.1.0', endpoints, '--from', '1.0.0', '--detach'));

  /** Users on 1.0.0, and 1.1.0 approved for production: a rollout may take them there. */
  const prepare = async (): Promise<void> => {
    await start();
    await until(status, (found) => found?.intendedWeightPercent === 50, 60_000);
    await ok(['rollout', 'abort', '--model', MODEL]);
    await until(status, (found) => found?.phase === 'closed', 60_000);
    const file = join(project.root, 'index.bin');
    for (const version of ['1.0.0', '1.1.0']) {
      await writeFile(file, `index of ${version}`);
      const typed = `--type retriever --metadata index_embedding=none --index-version words-1 --artifact ${file}`;
      await ok(`model register ${MODEL} ${version} ${typed}`.split(' '));
    }
    await ok(['model', 'promote', MODEL, '1.1.0']);
    const asked = await project.json<{ awaiting: { approvalId: string } }>(['model', 'promote', MODEL, '1.1.0']);
    await ok(['approval', 'approve', asked.awaiting.approvalId], { MLOPS_IDENTITY: 'ben' });
  };

  it('is one act of stage and traffic, though workers die at every step of it', { timeout: 400_000 }, async () => {
    await prepare();
    const before = (await readWrites(project, OFFSET, MODEL)).length;
    const workers = await keepDyingWorkers(project, OFFSET, MOMENTS);
    let ended: RolloutStatus | null = null;
    try {
      await start();
      ended = await until(status, (found) => found?.phase === 'closed', 300_000);
    } finally {
      await workers.stop();
    }
    const deaths = await workers.deaths();
    expect(ended?.outcome, ended?.reason ?? '').toBe('promoted');
    expect(deaths).toEqual(
      expect.arrayContaining([
        'examineVersions: start',
        'examineVersions: after versions.admit',
        'promoteVersion: start',
        'promoteVersion: after versions.promote',
        'applySplit: after router.apply',
        'closeRollout: after rollouts.close',
      ]) as string[],
    );
    const writes = (await readWrites(project, OFFSET, MODEL)).slice(before);
    expect(writes.map(({ split }) => split.canaryBasisPoints)).toEqual([5000, 10_000, 0]);
    expect(writes.at(-1)?.split.stable.version).toBe('1.1.0');
    const history = await readHistory(project.root, OFFSET, `rollout/dev/${MODEL}`, ended?.runId);
    expect(identitiesOf(history).length, 'several workers had the same run').toBeGreaterThan(3);

    const { config } = loadConfig({ env: {}, workingDirectory: project.root, portOffset: OFFSET });
    const database = new Client({ connectionString: databaseUrlOf(config) });
    await database.connect();
    try {
      const stages = await database.query(
        `SELECT version, act, to_stage, cardinality(approvers) AS approvers FROM stage_change JOIN model_version USING (version_id)
         WHERE to_stage = 'production'`,
      );
      expect(stages.rows, 'entered once').toEqual([
        { version: '1.1.0', act: 'promoted', to_stage: 'production', approvers: 1 },
      ]);
      const told = await database.query(`SELECT FROM rollout_event WHERE event = 'stage-moved'`);
      expect(told.rowCount).toBe(1);
      const used = await database.query<{ state: string }>('SELECT state FROM approval_request');
      expect(used.rows).toEqual([{ state: 'carried-out' }]);
    } finally {
      await database.end();
    }
  });
});
