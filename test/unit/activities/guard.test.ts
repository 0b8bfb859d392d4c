import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createGuardActivities } from '../../../activities/guard.ts';
import type { IncidentRecord, Notification, ProbeResult } from '../../../activities/ports.ts';
import { MlopsError } from '../../../domain/errors.ts';
import type { LiveSplit, TrafficSplit } from '../../../domain/rollout/split.ts';

const STABLE = { version: '1.0.0', endpoint: 'http://127.0.0.1:9101' };
const CANARY = { version: '1.1.0', endpoint: 'http://127.0.0.1:9102' };
const probed = (healthy: boolean): ProbeResult => ({
  healthy,
  detail: healthy ? 'healthy in 1 ms' : 'connect ECONNREFUSED',
  version: null,
  latencyMs: 1,
  memoryBytes: null,
  memoryLimitBytes: null,
  cpuCores: null,
  cpuLimitCores: null,
});
const split = (parts: Partial<TrafficSplit>): TrafficSplit => ({
  model: 'rag_api',
  stable: STABLE,
  canary: CANARY,
  canaryBasisPoints: 0,
  mirrorBasisPoints: 0,
  ...parts,
});

/** One model whose rollout is gone, its router, and what was said; `answers` are those of stable's probes, in turn. */
function orphanage(first: TrafficSplit, answers: readonly (boolean | Error)[]) {
  const said = {
    incidents: new Map<string, IncidentRecord>(),
    news: new Map<string, Notification>(),
    refused: [] as unknown[],
  };
  const meanwhile: { afterLook?: () => void; beforeWrite?: () => void } = {};
  const asked: string[] = [];
  const writtenBy = { idempotencyKey: 'key/step/0', actor: 'ada', reason: 'weight', writtenAt: '2026-01-01T08:00:00Z' };
  let live: LiveSplit = { split: first, generation: 7, ...writtenBy };
  let probes = 0;
  const guard = createGuardActivities({
    journal: { ingest: async () => await Promise.resolve(0) },
    lookup: { isOpen: async () => await Promise.resolve(false) },
    health: {
      probe: async (endpoint) => {
        asked.push(endpoint);
        const answer = answers[Math.min(probes++, answers.length - 1)] ?? false;
        if (answer instanceof Error) throw answer;
        return await Promise.resolve(probed(answer));
      },
    },
    router: {
      describe: () => {
        throw new Error('nobody asks');
      },
      observe: async () => {
        const seen = live;
        await Promise.resolve();
        meanwhile.afterLook?.();
        return seen;
      },
      apply: async (write) => {
        meanwhile.beforeWrite?.();
        if (write.expectedGeneration !== live.generation)
          throw new MlopsError('TRAFFIC_GENERATION_CONFLICT', {
            model: 'rag_api',
            expected: write.expectedGeneration ?? 0,
            current: live.generation,
          });
        expect(write.expectedGeneration, 'compare and set').toBe(live.generation);
        live = { ...live, ...write };
        return await Promise.resolve(live);
      },
    },
    traffic: {
      models: async () => await Promise.resolve(['rag_api']),
      latestApplied: async () => await Promise.resolve(live),
      reserve: async (request) =>
        await Promise.resolve({ ...request, generation: request.expectedGeneration + 1, applied: false }),
      markApplied: async () => await Promise.resolve(),
      markRefused: async (...refused) => await Promise.resolve(void said.refused.push(refused)),
      recordForeign: async () => await Promise.resolve(),
    },
    rollouts: {
      unfinished: async () => await Promise.resolve([]),
      openIncident: async (incident: IncidentRecord) => {
        said.incidents.set(incident.idempotencyKey, incident);
        return await Promise.resolve(true);
      },
    } as never,
    outbox: {
      send: async (notification) =>
        await Promise.resolve(void said.news.set(notification.idempotencyKey, notification)),
    },
  });
  const run = async () => {
    const report = guard.guardTraffic({ environment: 'dev', at: '2026-01-01T08:01:00.000Z' });
    await vi.runAllTimersAsync();
    return await report;
  };
  const write = (parts: Partial<TrafficSplit>): void => {
    live = { ...live, split: split(parts), generation: live.generation + 1 };
  };
  return { run, said, asked, live: () => live, meanwhile, write };
}

describe('the traffic guard, of a split whose rollout is gone', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it.each([5000, 10_000])(
    'moves nobody onto a stable version that is down (%i of 10,000 on the canary)',
    async (share) => {
      const { live, run, said } = orphanage(split({ canaryBasisPoints: share }), [false]);
      expect(await run()).toMatchObject({ returned: [], left: ['rag_api'] });
      expect(await run()).toMatchObject({ returned: [], left: ['rag_api'] });
      expect(live()).toMatchObject({ generation: 7, split: { canaryBasisPoints: share } });
      expect([...said.incidents.values()], 'once, however often it looks').toMatchObject([
        { kind: 'stable-down', severity: 'page' },
      ]);
      expect([...said.news.values()]).toMatchObject([{ event: 'stable-down', severity: 'page' }]);
      expect([...said.news.values()][0]?.summary).toBe(
        `Split of rag_api has no rollout any more, and stable 1.0.0 is not healthy (connect ECONNREFUSED): ${share / 100} % stay on 1.1.0 until it is`,
      );
    },
  );

  it('returns it as soon as stable is healthy again', async () => {
    const { asked, live, run } = orphanage(split({ canaryBasisPoints: 5000 }), [false, true]);
    expect(await run()).toMatchObject({ left: ['rag_api'] });
    expect(await run()).toMatchObject({ returned: ['rag_api'], left: [] });
    expect(live()).toMatchObject({ generation: 8, split: { stable: STABLE, canary: null, canaryBasisPoints: 0 } });
    expect(new Set(asked)).toEqual(new Set([STABLE.endpoint]));
    expect(await run(), 'and that once').toMatchObject({ returned: [], left: [] });
  });

  it('leaves a split alone that a rollout has just taken back itself', async () => {
    const { asked, live, meanwhile, run, write } = orphanage(split({ canaryBasisPoints: 5000 }), [true]);
    meanwhile.afterLook = () => {
      delete meanwhile.afterLook;
      write({ canary: null });
    };
    expect(await run()).toMatchObject({ returned: [], left: [] });
    expect([live().generation, asked]).toEqual([8, []]);
  });

  it('yields to who writes while it asks stable, and frees its reservation', async () => {
    const { live, meanwhile, run, said, write } = orphanage(split({ canaryBasisPoints: 5000 }), [true]);
    meanwhile.beforeWrite = () => {
      delete meanwhile.beforeWrite;
      write({ canaryBasisPoints: 1000 });
    };
    expect(await run()).toMatchObject({ returned: [], left: [] });
    expect(said.refused).toEqual([['dev', 'rag_api', 8, 'TRAFFIC_GENERATION_CONFLICT']]);
    expect([...said.incidents.keys(), ...said.news.keys()]).toEqual([]);
    expect(live()).toMatchObject({ generation: 8, split: { canaryBasisPoints: 1000 } });
  });

  it('gives no users to a stable version that comes and goes', async () => {
    const { live, run } = orphanage(split({ canaryBasisPoints: 10_000 }), [true, true, false]);
    expect(await run()).toMatchObject({ left: ['rag_api'] });
    expect(live().generation).toBe(7);
  });

  it('leaves it when stable may not be asked', async () => {
    const { run } = orphanage(split({ canaryBasisPoints: 500 }), [new Error('endpoint is not allowed')]);
    expect(await run()).toMatchObject({ returned: [], left: ['rag_api'] });
  });

  it('ends a mirror that moves no user, whether or not stable is healthy', async () => {
    const { live, run } = orphanage(split({ mirrorBasisPoints: 10_000 }), [false]);
    expect(await run()).toMatchObject({ returned: ['rag_api'], left: [] });
    expect(live().split).toMatchObject({ canary: null, mirrorBasisPoints: 0 });
  });
});
