import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OFFSETS } from '../support/offsets.ts';

const MLOPS = join(import.meta.dirname, '../../bin/mlops');

/** A project whose stack does not run; nothing listens on its ports. */
function project(deployment = ''): string {
  const root = mkdtempSync(join(tmpdir(), 'mlops-input-'));
  mkdirSync(join(root, 'config'));
  writeFileSync(join(root, 'config/deployment.yaml'), deployment);
  return root;
}

function mlops(cwd: string, args: readonly string[], input?: string) {
  const env = { ...process.env, MLOPS_PORT_OFFSET: String(OFFSETS.nothing) };
  return spawnSync(MLOPS, args, { cwd, env, encoding: 'utf8', ...(input === undefined ? {} : { input }) });
}

const ENDPOINTS = ['--endpoint', '1=http://127.0.0.1:1', '--endpoint', '2=http://127.0.0.1:2'];
const PLAN = ['rollout', 'plan', '--from', '1', '--to', '2', ...ENDPOINTS];
const EMPTY = project();

describe('a model that is named', () => {
  it.each([
    [['rollback', 'm_err', '--model', 'm_mem'], 'Models differ: argument m_err, --model m_mem'],
    [['rollback', '', '--model', 'm'], 'Models differ: argument (empty), --model m'],
    [['rollback', ''], 'Model name is empty, wanted letters, digits'],
    [['rollback', '--model', ''], 'Model name is empty'],
    [['rollback', 'a/../b'], 'Model name is not valid: "a/../b", wanted letters, digits'],
    [['rollback', 'a b'], 'Model name is not valid: "a b"'],
    [['rollback', '__proto__'], 'Model name is not valid: "__proto__"'],
    [['rollback', 'm'.repeat(101)], 'Model name is not valid'],
    [[...PLAN, '--model', ''], 'Model name is empty'],
    [[...PLAN, '--model', 'a/../b'], 'Model name is not valid'],
    [['rollout', 'start', '--to', '2', '--model', 'a b'], 'Model name is not valid'],
    [['rollout', 'calibrate', '--model', 'a b'], 'Model name is not valid'],
    [['rollout', 'abort', '--model', ''], 'Model name is empty'],
    [['rollout', 'list', '--model', ''], 'Model name is empty'],
    [['rollout', 'receipt', '--model', 'a b'], 'Model name is not valid'],
  ])('is refused by `mlops %j`', (args, problem) => {
    const { status, stderr } = mlops(EMPTY, args);
    expect(stderr).toContain(problem);
    expect(stderr).toContain('(USAGE_INVALID)');
    expect(status).toBe(2);
  });

  it.each([[['rollback', 'm', '--model', 'm']], [['rollback', 'm'.repeat(100)]], [['rollback', 'constructor']]])(
    'is taken by `mlops %j`',
    (args) => {
      expect(mlops(EMPTY, args).stderr).toContain('ROUTER_UNREACHABLE');
    },
  );
});

describe('names that every object knows', () => {
  it.each([
    [[...PLAN, '--profile', 'constructor'], 'Profile is not known: constructor'],
    [['rollout', 'plan', '--from', 'toString', '--to', '2', '--endpoint', '2=http://[::1]'], 'TARGET_UNKNOWN'],
    [['completion', 'constructor'], 'Shell is not known: constructor'],
  ])('are not known to `mlops %j`', (args, problem) => {
    const { status, stderr } = mlops(EMPTY, args);
    expect(stderr).toContain(problem);
    expect(status).toBe(2);
  });

  it('are no noise assumption of a stream that is replayed', () => {
    const stream = JSON.stringify({ id: 'a', policy: { noise: 'toString' }, ticks: [] });
    const { status, stderr } = mlops(EMPTY, ['rollout', 'replay', '--input', '-'], `${stream}\n`);
    expect(stderr).toContain('policy.noise: "toString", wanted one of default, quiet');
    expect(status).toBe(2);
  });

  it('may name a model', () => {
    const { status, stdout } = mlops(EMPTY, [...PLAN, '--model', 'constructor', '-o', 'json']);
    expect([status, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ schemaVersion: 1 })]);
  });
});

describe('an order', () => {
  it('gates the weight that --gate names, whatever its step says', () => {
    const root = project('canary: { steps: [{ weight: 10, gate: false }, { weight: 20 }] }\n');
    const { status, stdout } = mlops(root, [...PLAN, '--gate', '10']);
    expect(stdout).toMatch(/weight 10 % .* approval\n/);
    expect(status).toBe(0);
  });

  it.each([
    [['--endpoint', '9.9.9=http://127.0.0.1:9'], 'Endpoint is of another version: 9.9.9, wanted 1 or 2'],
    [['--gate', '11'], 'manual_gates is 11, wanted one of the planned weights 5, 15,'],
  ])('with %j is refused', (more, problem) => {
    const { status, stderr } = mlops(EMPTY, [...PLAN, ...more]);
    expect(stderr).toContain(problem);
    expect(status).toBe(2);
  });
});
