import { messageOf } from '../domain/errors.ts';
import type { ArmTarget, LiveSplit, TrafficSplit } from '../domain/rollout/split.ts';
import { lostWriteCode } from './lost-write.ts';
import type { HealthProbe, Outbox, RolloutStore, TrafficRouter, TrafficStore } from './ports.ts';
import { aboutSplit, tellPeople } from './tell-people.ts';

export interface OrphanPorts {
  readonly health: HealthProbe;
  readonly outbox: Outbox;
  readonly rollouts: RolloutStore;
  readonly router: TrafficRouter;
  readonly traffic: TrafficStore;
}

export type OrphanFate = 'none' | 'returned' | 'left';

const PROBES = 3;
const PROBE_PAUSE_MS = 1000;

/**
 * Puts a split whose rollout is gone back on the stable version, as soon as that can take its users: users are never
 * moved onto a version that is down. Until then the split stays, people are paged once, and the next run tries again.
 */
export async function settleOrphan(
  ports: OrphanPorts,
  environment: string,
  live: LiveSplit,
  at: string,
): Promise<OrphanFate> {
  const { canaryBasisPoints, mirrorBasisPoints, stable } = live.split;
  // A canary that somebody set by hand, at 0 %, carries no users: leave it.
  if (canaryBasisPoints === 0 && mirrorBasisPoints === 0) return 'none';
  const problem = canaryBasisPoints === 0 ? null : await problemOf(ports.health, stable);
  if (problem !== null) {
    await reportLeft(ports, environment, live, at, problem);
    return 'left';
  }
  return (await returnToStable(ports, environment, live, at)) ? 'returned' : 'none';
}

/** Well in every one of three probes, a second apart: a version that comes and goes gets no users back. */
async function problemOf(health: HealthProbe, stable: ArmTarget): Promise<string | null> {
  try {
    for (let probe = 1; ; probe += 1) {
      const { healthy, detail } = await health.probe(stable.endpoint, stable.version);
      if (!healthy) return detail;
      if (probe === PROBES) return null;
      await new Promise((resolve) => setTimeout(resolve, PROBE_PAUSE_MS));
    }
  } catch (error) {
    // One that may not be asked is not known to be well; the splits of other models are looked at all the same.
    return messageOf(error);
  }
}

async function reportLeft(
  { outbox, rollouts }: OrphanPorts,
  environment: string,
  live: LiveSplit,
  at: string,
  problem: string,
): Promise<void> {
  const { canary, canaryBasisPoints, model, stable } = live.split;
  const idempotencyKey = `traffic-guard/${environment}/${model}/${live.generation}/stable-down`;
  const summary = `Split of ${model} has no rollout any more, and stable ${stable.version} is not healthy (${problem}): ${canaryBasisPoints / 100} % stay on ${canary?.version ?? 'the canary'} until it is`;
  await rollouts.openIncident({
    idempotencyKey,
    model,
    environment,
    actor: 'traffic-guard',
    kind: 'stable-down',
    severity: 'page',
    summary,
    evidence: { live, problem },
  });
  const news = { idempotencyKey, event: 'stable-down', environment, ...aboutSplit(live), at, summary };
  await tellPeople(outbox, { ...news, severity: 'page' });
}

/** False when somebody else has written a split in the meantime: it is theirs, and the next run looks at it. */
async function returnToStable(
  { outbox, rollouts, router, traffic }: OrphanPorts,
  environment: string,
  live: LiveSplit,
  at: string,
): Promise<boolean> {
  const split: TrafficSplit = { ...live.split, canary: null, canaryBasisPoints: 0, mirrorBasisPoints: 0 };
  const { model, stable } = split;
  const idempotencyKey = `traffic-guard/${environment}/${model}/${live.generation}`;
  const summary = `Split of ${model} had no rollout any more: ${live.split.canaryBasisPoints / 100} % returned to ${stable.version}`;
  const order = { actor: 'traffic-guard', reason: summary };
  const expectedGeneration = live.generation;
  const reserved = await traffic.reserve({ environment, idempotencyKey, split, expectedGeneration, ...order });
  let applied: LiveSplit;
  try {
    applied = await router.apply({ ...reserved, ...order });
  } catch (error) {
    const code = lostWriteCode(error);
    if (code === null) throw error;
    await traffic.markRefused(environment, model, reserved.generation, code);
    return false;
  }
  await traffic.markApplied(environment, applied);
  await rollouts.openIncident({
    idempotencyKey,
    model,
    environment,
    actor: 'traffic-guard',
    kind: 'orphaned-split',
    severity: 'page',
    summary,
    evidence: { live, applied },
  });
  await tellPeople(outbox, { idempotencyKey, event: 'orphaned-split', environment, ...aboutSplit(live), at, summary });
  return true;
}
