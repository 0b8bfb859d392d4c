import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OFFSETS } from '../support/offsets.ts';
import { openStage, type Stage } from '../support/stage.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const DEPLOYMENT = `
canary:
  tick_seconds: 1
  warm_up_seconds: 1
  minimum_requests: 20
  max_deployment_hours: 0.1
  bake_minutes: 0.03
  steps: [{ weight: 50, window_minutes: 0.05 }]
judge: { absolute_tolerance: { errors: 0.02, slow: 0.05 }, required_metrics: [errors], response_time_floor_ms: 1000 }
`;
const PROGRAM = `
import { connect, createJudgeState, judgeTick, type Mlops, type StartOrder } from 'durable-mlops';

const order: StartOrder = { model: 'rag_api', fromVersion: '1.0.0', toVersion: '1.1.0', gates: [25] };
const mlops: Mlops = connect();
console.log(mlops.config.environment, order.toVersion, typeof mlops.approvals.list, typeof judgeTick, createJudgeState().ticks);
await mlops.close();
`;
/** While a program is waited for nothing else of this file runs, its own time limits included. */
const WAIT_MS = 240_000;
const TICK = { canary: { requests: 600, errors: 60, slow: 3 }, control: { requests: 600, errors: 3, slow: 4 } };

/** Packed as for a registry and installed where no source is: Node strips no types below node_modules. */
describe('the package', () => {
  let root: string;
  let stage: Stage | undefined;
  const inFolder = (file: string, args: readonly string[]): string =>
    execFileSync(file, [...args], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: WAIT_MS });
  const mlops = (...args: string[]): string => inFolder('npx', ['--no-install', 'mlops', ...args]);
  const installed = (name: string): string => join(root, 'node_modules', name);

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'mlops-package-'));
    const [packed] = JSON.parse(
      execFileSync('npm', ['pack', '--json', '--silent', '--pack-destination', root], {
        cwd: REPOSITORY,
        encoding: 'utf8',
      }),
    ) as { filename: string }[];
    await writeFile(join(root, 'package.json'), '{ "private": true, "type": "module" }\n');
    inFolder('npm', `install --prefer-offline --no-audit --no-fund --loglevel=error ./${packed?.filename}`.split(' '));
  }, 300_000);

  afterAll(async () => {
    await stage?.close();
    await rm(root, { recursive: true, force: true });
  });

  it('holds what was built and no source', () => {
    expect(existsSync(installed('durable-mlops/dist/client/index.js'))).toBe(true);
    for (const room of ['client', 'domain', 'test', 'bench'])
      expect(existsSync(installed(`durable-mlops/${room}`)), room).toBe(false);
  });

  it('answers without a stack: help, version, configuration, replay', async () => {
    expect(mlops('--help')).toContain('Usage: mlops');
    expect(mlops('--version').trim()).toMatch(/^\d+\.\d+\.\d+$/);
    expect(mlops('config', 'show')).toContain('environment: dev');
    await writeFile(join(root, 'in.jsonl'), `${JSON.stringify({ id: 'a', ticks: [TICK, TICK] })}\n`);
    const replayed = mlops('rollout', 'replay', '--input', 'in.jsonl', '-o', 'jsonl');
    expect(JSON.parse(replayed)).toMatchObject({ id: 'a', decision: 'rollback', tick: 2 });
  });

  it('is imported by programs, with its types', async () => {
    await mkdir(join(root, 'src'));
    await writeFile(join(root, 'src/program.ts'), PROGRAM);
    inFolder(
      join(REPOSITORY, 'node_modules/.bin/tsc'),
      '--module nodenext --target es2024 --strict --skipLibCheck --outDir out src/program.ts'.split(' '),
    );
    expect(inFolder(installed('.bin/node'), ['out/program.js']).trim()).toBe('dev 1.1.0 function function 0');
  });

  it('brings the local stack up and rolls a version out', { timeout: 180_000 }, async () => {
    stage = await openStage(OFFSETS.package, DEPLOYMENT, installed('.bin/mlops'));
    const { healthy, parts } = await stage.project.json<{ healthy: boolean; parts: { state: string }[] }>(['status']);
    expect([healthy, parts.map(({ state }) => state)]).toEqual([true, parts.map(() => 'up')]);
    const model = await stage.model('rag_api');
    const run = await model.start([], { wait: true });
    expect(run.code, run.stdout + run.stderr).toBe(0);
    expect((await model.status()).outcome).toBe('promoted');
    expect((await stage.project.mlops(['down'])).code).toBe(0);
  });
});
