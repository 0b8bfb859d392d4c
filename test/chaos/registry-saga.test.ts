import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseUrlOf } from '../../adapters/postgres/pool.ts';
import { loadConfig } from '../../config/load.ts';
import { connect } from '../../client/index.ts';
import { identitiesOf, readHistory } from '../support/history.ts';
import { keepDyingWorkers } from '../support/kill-grid.ts';
import type { RolloutStatus } from '../../workflows/messages.ts';
import { OFFSETS } from '../support/offsets.ts';
import { createStatusReader, readWrites, startArguments, type StatusReader } from '../support/rollouts.ts';
import { createProject, until, type TestProject } from '../support/stack.ts';
import { startTraffic, type Traffic } from '../support/traffic.ts';

const OFFSET = OFFSETS.registrySaga;
const MODEL = 'governed';
const VERSIONS = ['1.0.0', '1.1.0', '1.2.0'];
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

/** Around the move of the stage and its way back. */
const MOMENTS_OF_RETURN = /(promoteVersion|restoreVersion): (start|after versions\.(promote|restore))/;

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
    for (const version of VERSIONS) endpoints[version] = await project.startService(version);
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
  const start = async (from = '1.0.0', to = '1.1.0'): Promise<string> =>
    await ok(startArguments(MODEL, to, endpoints, '--from', from, '--detach'));
  const ask = async <Row extends object>(sql: string): Promise<Row[]> => {
    const { config } = loadConfig({ env: {}, workingDirectory: project.root, portOffset: OFFSET });
    const database = new Client({ connectionString: databaseUrlOf(config) });
    await database.connect();
    try {
      return (await database.query<Row>(sql)).rows;
    } finally {
      await database.end();
    }
  };
  /** Approved for production: a rollout may take users there. */
  const approve = async (version: string): Promise<void> => {
    await ok(['model', 'promote', MODEL, version]);
    const asked = await project.json<{ awaiting: { approvalId: string } }>(['model', 'promote', MODEL, version]);
    await ok(['approval', 'approve', asked.awaiting.approvalId], { MLOPS_IDENTITY: 'ben' });
  };

  /** Users on 1.0.0, and 1.1.0 approved for production: a rollout may take them there. */
  const prepare = async (): Promise<void> => {
    await start();
    await until(status, (found) => found?.intendedWeightPercent === 50, 60_000);
    await ok(['rollout', 'abort', '--model', MODEL]);
    await until(status, (found) => found?.phase === 'closed', 60_000);
    const file = join(project.root, 'index.bin');
    for (const version of VERSIONS) {
      await writeFile(file, `index of ${version}`);
      const typed = `--type retriever --metadata index_embedding=none --index-version words-1 --artifact ${file}`;
      await ok(`model register ${MODEL} ${version} ${typed}`.split(' '));
    }
    await approve('1.1.0');
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

    const stages = await ask(
      `SELECT version, act, to_stage, cardinality(approvers) AS approvers FROM stage_change JOIN model_version USING (version_id)
       WHERE to_stage = 'production'`,
    );
    expect(stages, 'entered once').toEqual([
      { version: '1.1.0', act: 'promoted', to_stage: 'production', approvers: 1 },
    ]);
    expect(await ask(`SELECT event FROM rollout_event WHERE event = 'stage-moved'`)).toHaveLength(1);
    expect(await ask('SELECT state FROM approval_request')).toEqual([{ state: 'carried-out' }]);
  });

  it(
    'is undone, though the answer was lost and workers die at every step of the way back',
    { timeout: 400_000 },
    async () => {
      await ok(['up', '--detach']);
      await approve('1.2.0');
      const client = connect({ workingDirectory: project.root, env: { MLOPS_PORT_OFFSET: String(OFFSET) } });
      const workers = await keepDyingWorkers(project, OFFSET, MOMENTS_OF_RETURN);
      let ended: RolloutStatus | null = null;
      try {
        await start('1.1.0', '1.2.0');
        // In the registry it is in production now, and nobody has heard so: the next attempt is ten seconds away.
        const died = async (): Promise<string[]> => await workers.deaths();
        await until(died, (deaths) => deaths.includes('promoteVersion: after versions.promote'), 120_000);
        await client.rollouts.act(MODEL, { kind: 'abort', reason: 'test' });
        ended = await until(status, (found) => found?.phase === 'closed' && found.toVersion === '1.2.0', 200_000);
      } finally {
        await workers.stop();
        await client.close();
      }
      expect(ended?.outcome, ended?.reason ?? '').toBe('aborted');
      expect(await workers.deaths()).toEqual(
        expect.arrayContaining(['restoreVersion: start', 'restoreVersion: after versions.restore']) as string[],
      );
      expect((await readWrites(project, OFFSET, MODEL)).at(-1)?.split.stable.version).toBe('1.1.0');
      const entered = await ask(
        `SELECT version, act FROM stage_change JOIN model_version USING (version_id) WHERE to_stage = 'production' ORDER BY change_id`,
      );
      expect(entered).toEqual([
        { version: '1.1.0', act: 'promoted' },
        { version: '1.2.0', act: 'promoted' },
        { version: '1.1.0', act: 'gone-back' },
      ]);
      const standing = await ask(
        `SELECT version FROM version_stage JOIN model_version USING (version_id) WHERE stage = 'production'`,
      );
      expect(standing).toEqual([{ version: '1.1.0' }]);
      const told = await ask(`SELECT details ->> 'detail' AS detail FROM rollout_event WHERE event = 'stage-restored'`);
      expect(told, 'whose answer was lost too').toEqual([{ detail: '1.2.0 left production; 1.1.0 is there' }]);
    },
  );
});
