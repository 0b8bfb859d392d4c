import { describe, expect, it } from 'vitest';
import { run } from '../../../client/cli/commands/rollback.ts';
import type { LiveSplit } from '../../../domain/rollout/split.ts';
import { createContext, createInput } from '../../support/command-context.ts';

const STABLE = { version: '1.0.0', endpoint: 'http://127.0.0.1:9101' };
const live = (canaryBasisPoints: number): LiveSplit => ({
  split: { model: 'rag_api', stable: STABLE, canary: null, canaryBasisPoints, mirrorBasisPoints: 0 },
  generation: 3,
  idempotencyKey: 'key',
  actor: 'ann',
  reason: 'users see errors',
  writtenAt: '2026-01-01T08:00:00.000Z',
});

/** Rolls back with a stable version that answers so; tells what was done in which order, and what was said. */
async function rollBack(answer: () => { healthy: boolean; detail: string }, more: object = {}) {
  const [done, orders]: [string[], unknown[]] = [[], []];
  const { context, said } = createContext({
    user: 'ann',
    emergency: {
      roll: async (order: unknown) => {
        done.push('written');
        orders.push(order);
        return await Promise.resolve({ before: live(5000), after: live(0), verifiedAt: '2026-01-01T08:00:01.000Z' });
      },
    },
    quickProbe: {
      probe: async (endpoint: string, version: string) => {
        done.push(`asked ${version} at ${endpoint}`);
        return await Promise.resolve(answer());
      },
    },
  });
  const composition = { ...context.composition, ...more };
  const result = await run({ ...context, composition }, createInput({}, { args: ['rag_api'] }));
  return { done, orders, said: said.join('\n'), result };
}

describe('an emergency rollback', () => {
  it('onto a stable version that is down is carried out first, and warns then', async () => {
    const { done, said, result } = await rollBack(() => ({ healthy: false, detail: 'connect ECONNREFUSED' }));
    expect(done).toEqual(['written', 'asked 1.0.0 at http://127.0.0.1:9101']);
    expect(said).toContain(
      'Warning: stable 1.0.0 at http://127.0.0.1:9101 is not healthy (connect ECONNREFUSED): all users are on it now',
    );
    expect(result).toMatchObject({ exitCode: 0, data: { toPercent: 0, stableProblem: 'connect ECONNREFUSED' } });
  });

  it('onto one that may not be asked warns too', async () => {
    const { said, result } = await rollBack(() => {
      throw new Error('endpoint is not allowed');
    });
    expect(said).toContain('is not healthy (endpoint is not allowed)');
    expect(result.exitCode).toBe(0);
  });

  it('is held up by no key that cannot be used: it goes on unsigned, and says so', async () => {
    const identity = async () => await Promise.reject(new Error('Identity file ben.json cannot be used'));
    const { orders, said } = await rollBack(() => ({ healthy: true, detail: 'healthy' }), { identity });
    expect(orders).toEqual([{ model: 'rag_api', reason: null, actor: 'ann' }]);
    expect(said).toContain('Warning: this rollback goes on unsigned: Identity file ben.json cannot be used');
  });

  it('onto a healthy one says nothing of it', async () => {
    const { said, result } = await rollBack(() => ({ healthy: true, detail: 'healthy in 1 ms' }));
    expect(said).not.toContain('Warning');
    expect(result).toMatchObject({ exitCode: 0, data: { stableProblem: null } });
  });
});
