import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const MLOPS = join(import.meta.dirname, '../../bin/mlops');
const EMPTY = mkdtempSync(join(tmpdir(), 'mlops-replay-'));

function replay(lines: readonly unknown[], ...args: string[]) {
  const input = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  const { status, stdout, stderr } = spawnSync(MLOPS, ['rollout', 'replay', '--input', '-', '-o', 'jsonl', ...args], {
    input,
    encoding: 'utf8',
    cwd: EMPTY,
  });
  return {
    status,
    stderr,
    results: stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

const tick = (x1: number, x0: number, requests = 600) => ({
  canary: { requests, errors: x1, slow: 6 },
  control: { requests, errors: x0, slow: 6 },
});
const times = <T>(value: T, count: number): T[] => Array.from({ length: count }, () => value);

describe('mlops rollout replay', () => {
  it('prints one line per stream with the state after its last tick, and exits 0 whatever was decided', () => {
    const { status, results } = replay([
      { id: 'bad', ticks: times(tick(24, 3), 20) },
      { id: 'good', ticks: times(tick(3, 3, 6000), 80) },
      { id: 'empty', ticks: [] },
      { id: 'blind', ticks: times({}, 5) },
    ]);
    expect(status).toBe(0);
    expect(results.map(({ id, decision }) => [id, decision])).toEqual([
      ['bad', 'rollback'],
      ['good', 'promote'],
      ['empty', 'inconclusive'],
      ['blind', 'inconclusive'],
    ]);
    expect(results[0]).toMatchObject({
      metric: 'errors',
      tick: expect.any(Number) as number,
      evidence: expect.any(Number) as number,
      reasons: [expect.stringContaining('errors')],
    });
    expect(results[2]).toMatchObject({ tick: null, metric: null });
  });

  it('is deterministic to the byte', () => {
    const lines = [{ id: 'a', ticks: times(tick(9, 4), 30) }];
    expect(replay(lines)).toEqual(replay(lines));
  });

  it('prints the evidence after every tick when asked', () => {
    const { results } = replay([{ id: 'a', ticks: times(tick(9, 4), 3) }], '--every-tick');
    expect(results).toHaveLength(3);
    expect(results[2]).toMatchObject({
      id: 'a',
      tick: 3,
      decision: 'undecided',
      evidence: { total: expect.any(Number) as number, errors: { harm: expect.any(Number) as number } },
    });
  });

  it('takes a policy per stream', () => {
    const slow = times(
      { canary: { requests: 600, errors: 3, slow: 300 }, control: { requests: 600, errors: 3, slow: 6 } },
      30,
    );
    const { results } = replay([
      { id: 'hold', ticks: slow },
      { id: 'rollback', policy: { slow_action: 'rollback' }, ticks: slow },
    ]);
    expect(results.map(({ decision }) => decision)).toEqual(['hold', 'rollback']);
  });

  it.each([
    ['a line that is not JSON', ['{'], 'line 1'],
    [
      'an unknown policy key',
      [
        { id: 'a', ticks: [] },
        { id: 'b', policy: { max_error: 1 }, ticks: [] },
      ],
      'line 2',
    ],
    [
      'a duplicate id',
      [
        { id: 'a', ticks: [] },
        { id: 'a', ticks: [] },
      ],
      'line 2',
    ],
    ['an unknown noise', [{ id: 'a', policy: { noise: 'calm' }, ticks: [] }], 'calm'],
    [
      'a noise named like a member of every object',
      [{ id: 'a', policy: { noise: 'constructor' }, ticks: [] }],
      'line 1',
    ],
    ['__proto__', ['{"id":"a","policy":{"noise":"__proto__"},"ticks":[]}'], '__proto__'],
    ['no required metric', [{ id: 'a', policy: { required_metrics: [] }, ticks: [] }], 'line 1'],
  ])('refuses %s with exit 2 and names the line', (_name, lines, named) => {
    const { status, stderr } = replay(lines);
    expect(status).toBe(2);
    expect(stderr).toContain(named);
  });
});
