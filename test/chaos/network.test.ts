import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseUrlOf } from '../../adapters/postgres/pool.ts';
import { loadConfig } from '../../config/load.ts';
import { readHistory } from '../support/history.ts';
import { OFFSETS } from '../support/offsets.ts';
import { runningPid } from '../support/rollouts.ts';
import { openStage, type Stage } from '../support/stage.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

const OFFSET = OFFSETS.network;
const MLOPS = join(import.meta.dirname, '../../bin/mlops');
const DEPLOYMENT = `
canary:
  tick_seconds: 1
  warm_up_seconds: 1
  minimum_requests: 20
  max_deployment_hours: 0.1
  bake_minutes: 0.02
  steps: [{ weight: 20, window_minutes: 0.03 }, { weight: 50, window_minutes: 0.03 }]
profiles:
  long: { steps: [{ weight: 20, window_minutes: 5 }] }
judge: { absolute_tolerance: { errors: 0.02, slow: 0.05 }, required_metrics: [errors], response_time_floor_ms: 1000 }
health: { interval_seconds: 5, timeout_seconds: 2, failures: 3, out_of: 3 }
`;

describe('a rollout whose worker cannot talk to the server as it should', () => {
  let stage: Stage;
  let network: TcpProxy;
  let worker: ChildProcess;
  const environment = (): NodeJS.ProcessEnv => ({ ...process.env, MLOPS_PORT_OFFSET: String(OFFSET) });

  beforeAll(async () => {
    stage = await openStage(OFFSET, DEPLOYMENT);
    network = await startTcpProxy(7233 + OFFSET);
    for (const part of ['supervisor', 'worker']) process.kill(await runningPid(stage.project, part), 'SIGKILL');
    worker = spawn(MLOPS, ['worker'], {
      cwd: stage.project.root,
      env: { ...environment(), TEMPORAL_ADDRESS: network.address },
      stdio: 'ignore',
    });
  });
  afterAll(async () => {
    worker?.kill('SIGKILL');
    network?.close();
    await stage?.close();
  });

  const seconds = async (count: number): Promise<void> =>
    await new Promise((resolve) => setTimeout(resolve, 1000 * count));

  it('goes on after a slow, a silent and a broken network, with every weight and look once', async () => {
    const model = await stage.model('cut-off');
    await model.start();
    const { runId } = await model.until(({ intendedWeightPercent }) => intendedWeightPercent === 20, 60_000);
    network.slow(400);
    await seconds(3);
    network.silence();
    await seconds(5);
    network.cut();
    await seconds(4);
    network.mend();
    const watched = await stage.project.mlops(['rollout', 'watch', '--model', 'cut-off', '--timeout', '90s']);
    expect(watched.code, watched.stderr).toBe(0);
    expect((await model.status()).runId).toBe(runId);
    expect(await model.weights()).toEqual([0, 20, 50, 100, 0]);
    expect((await model.writes()).map(({ generation }) => generation)).toEqual([1, 2, 3, 4, 5]);
    const receipt = await stage.project.json<{ ticks: { tick: number }[] }>([
      'rollout',
      'receipt',
      '--model',
      'cut-off',
    ]);
    expect(receipt.ticks.map(({ tick }) => tick)).toEqual(receipt.ticks.map((_, i) => i));
  }, 180_000);

  it('is not harmed by a worker with another key, which says so, and goes on with one that has the right one', async () => {
    const model = await stage.model('other-key');
    await model.start(['--profile', 'long']);
    const before = await model.until(({ lastVerdict }) => lastVerdict !== null, 60_000);
    worker.kill('SIGKILL');
    const stranger = await mkdtemp(join(tmpdir(), 'mlops-stranger-'));
    const { active } = JSON.parse(await readFile(join(stage.project.root, '.mlops/keys/payload.json'), 'utf8')) as {
      active: string;
    };
    await mkdir(join(stranger, '.mlops/keys'), { recursive: true });
    const keys = { [active]: Buffer.alloc(32, 7).toString('base64') };
    await writeFile(join(stranger, '.mlops/keys/payload.json'), JSON.stringify({ active, keys }));
    const ledgerKeys = '.mlops/keys/ledger-wrapping.json';
    await copyFile(join(stage.project.root, ledgerKeys), join(stranger, ledgerKeys));
    const { config } = loadConfig({ env: {}, workingDirectory: stage.project.root, portOffset: OFFSET });
    const refused = spawnSync(MLOPS, ['worker'], {
      cwd: stranger,
      env: { ...environment(), DATABASE_URL: databaseUrlOf(config) },
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect(refused.status, refused.stderr).toBe(1);
    expect(refused.stderr).toContain(`Payload cannot be decrypted: key ${active} is missing or wrong`);
    expect((await stage.project.mlops(['up', '--detach'])).code).toBe(0);
    await model.until(({ tick }) => tick > before.tick + 2);
    const history = (await readHistory(stage.project.root, OFFSET, 'rollout/dev/other-key')) as { events?: object[] };
    expect(JSON.stringify(history.events), 'nothing of it failed').not.toMatch(/(activityTask|workflowTask)Failed/);
    await model.act('abort');
    expect(await model.ended()).toMatchObject({ outcome: 'aborted', runId: before.runId });
    expect(await model.weights()).toEqual([0, 20, 0]);
  }, 120_000);
});
