import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readJournal } from '../../adapters/gateway/emergency-journal.ts';
import { createGatewayRouter } from '../../adapters/gateway/router.ts';
import { loadConfig } from '../../config/load.ts';
import { startGateway, type RunningGateway } from '../../workers/gateway.ts';
import { OFFSETS } from '../support/offsets.ts';

const OFFSET = OFFSETS.emergency;

describe('`mlops rollback`, with nothing but the gateway in order', () => {
  const root = mkdtempSync(join(tmpdir(), 'mlops-emergency-'));
  const { config } = loadConfig({ env: {}, workingDirectory: root, portOffset: OFFSET });
  const router = createGatewayRouter(config);
  const inProject = (...path: string[]): string => join(root, ...path);
  let gateway: RunningGateway;
  let generation = 0;

  const rollBack = async (env: Record<string, string>, ...more: string[]) => {
    const args = ['rollback', 'm', '--reason', 'smoke', ...more];
    const child = spawn(join(import.meta.dirname, '../../bin/mlops'), args, {
      cwd: root,
      env: { ...process.env, ...env },
    });
    const ended = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? -1)));
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    return { stdout, stderr, code };
  };
  const expectRolledBack = async ({ stdout, stderr, code }: Awaited<ReturnType<typeof rollBack>>) => {
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('m: canary 50 % → 0 %, all traffic on 1');
    expect(await router.observe('m')).toMatchObject({ reason: 'smoke', split: { canaryBasisPoints: 0 } });
  };
  const AT = { MLOPS_PORT_OFFSET: String(OFFSET) };

  beforeAll(async () => {
    gateway = await startGateway(config);
    mkdirSync(inProject('config'));
  });
  afterAll(async () => await gateway.stop());
  beforeEach(async () => {
    for (const path of ['config/deployment.yaml', '.mlops/journal', '.mlops/stack.json'])
      rmSync(inProject(path), { recursive: true, force: true });
    generation = ((await router.observe('m'))?.generation ?? generation) + 1;
    const target = { version: '1', endpoint: 'http://127.0.0.1:9' };
    const split = { model: 'm', stable: target, canary: { ...target, version: '2' }, canaryBasisPoints: 5000 };
    await router.apply({
      split: { ...split, mirrorBasisPoints: 0 },
      generation,
      expectedGeneration: null,
      idempotencyKey: `ramp ${generation}`,
      actor: 'ramp',
      reason: 'step',
    });
  });

  it('rolls back past a key of deployment.yaml that is not known, and warns of it', async () => {
    writeFileSync(inProject('config/deployment.yaml'), 'canary:\n  stepps: 3\n');
    const run = await rollBack(AT);
    await expectRolledBack(run);
    expect(run.stderr).toContain('config/deployment.yaml:2: unknown key canary.stepps');
    expect(run.stderr).toContain(`The gateway is asked at http://127.0.0.1:${8081 + OFFSET}`);
    expect((await readJournal(inProject('.mlops/journal/emergency.jsonl'))).entries).toHaveLength(2);
  });

  it('rolls back past a variable of the environment that is not known, and warns of it', async () => {
    const run = await rollBack({ ...AT, MLOPS_FOO: '1' });
    await expectRolledBack(run);
    expect(run.stderr).toContain('environment variable MLOPS_FOO is not known');
  });

  it('rolls back past a journal that cannot be written, and prints what would be in it', async () => {
    writeFileSync(inProject('.mlops/journal'), 'a file where a folder should be');
    const run = await rollBack(AT, '-o', 'json');
    expect(run.code, run.stderr).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject({ model: 'm', toPercent: 0, journaled: false });
    expect(run.stderr).toContain('goes on WITHOUT its journal');
    const lines = run.stderr.split('\n').filter((line) => line.startsWith('{'));
    // They can be added to the journal as they are.
    rmSync(inProject('.mlops/journal'));
    mkdirSync(inProject('.mlops/journal'));
    writeFileSync(inProject('.mlops/journal/emergency.jsonl'), `${lines.join('\n')}\n`);
    expect((await readJournal(inProject('.mlops/journal/emergency.jsonl'))).entries).toMatchObject([
      { stage: 'intent', model: 'm', reason: 'smoke' },
      { stage: 'done', model: 'm', reason: 'smoke' },
    ]);
  });

  it('finds the gateway by what `mlops up` remembered when no file can be read', async () => {
    writeFileSync(inProject('.mlops/stack.json'), JSON.stringify({ portOffset: OFFSET }));
    writeFileSync(inProject('.mlops/journal'), '');
    mkdirSync(inProject('config/deployment.yaml'));
    const run = await rollBack({ MLOPS_PORT_OFFSET: 'many', MLOPS_ENV: 'NOT VALID' });
    await expectRolledBack(run);
    for (const problem of [
      'config/deployment.yaml: cannot be read',
      'MLOPS_PORT_OFFSET',
      'MLOPS_ENV',
      'WITHOUT its journal',
    ])
      expect(run.stderr).toContain(problem);
    expect(readFileSync(inProject('.mlops/journal'), 'utf8')).toBe('');
  });
});
