import { isEmergency } from '../domain/rollout/emergency.ts';
import type { LiveSplit, TrafficSplit } from '../domain/rollout/split.ts';
import type { EmergencyJournal, Notifier, RolloutLookup, RolloutStore, TrafficRouter, TrafficStore } from './ports.ts';

/** What the guard found and did. */
export interface GuardReport {
  readonly checked: number;
  readonly foreignEdits: readonly string[];
  readonly returned: readonly string[];
  readonly journaled: number;
}

interface GuardPorts {
  readonly router: TrafficRouter;
  readonly traffic: TrafficStore;
  readonly rollouts: RolloutStore;
  readonly lookup: RolloutLookup;
  readonly journal: EmergencyJournal;
  readonly notifier: Notifier;
}

/** Activities of the traffic guard (architecture D14). */
export function createGuardActivities(ports: GuardPorts) {
  return {
    /**
     * Compares intended and observed split of every model: a foreign edit becomes an incident, and an orphaned split
     * (its rollout is gone) goes back to the stable version.
     */
    async guardTraffic({
      environment,
      at,
    }: {
      readonly environment: string;
      readonly at: string;
    }): Promise<GuardReport> {
      const journaled = await ports.journal.ingest();
      const models = await ports.traffic.models(environment);
      const foreignEdits: string[] = [];
      const returned: string[] = [];
      for (const model of models) {
        const live = await ports.router.observe(model);
        if (live === null) continue;
        // An open rollout watches its own split, and deals with edits itself.
        if (await ports.lookup.isOpen(environment, model)) continue;
        if (await reportForeignEdit(ports, environment, live, at)) foreignEdits.push(model);
        if (await returnOrphan(ports, environment, live, at)) returned.push(model);
      }
      return { checked: models.length, foreignEdits, returned, journaled };
    },
  };
}

async function reportForeignEdit(
  ports: GuardPorts,
  environment: string,
  live: LiveSplit,
  at: string,
): Promise<boolean> {
  const recorded = await ports.traffic.latestApplied(environment, live.split.model);
  if (recorded === null || recorded.generation >= live.generation) return false;
  const kind = isEmergency(live) ? 'emergency-rollback' : 'foreign-edit';
  const summary = `Split of ${live.split.model} was changed by ${live.actor}: ${live.split.canaryBasisPoints / 100} % canary (${live.reason})`;
  const idempotencyKey = `guard/${environment}/${live.split.model}/${live.generation}`;
  await ports.rollouts.openIncident({
    idempotencyKey,
    model: live.split.model,
    environment,
    kind,
    severity: 'warning',
    summary,
    evidence: { live, recorded },
  });
  await tell(ports.notifier, { idempotencyKey, event: kind, environment, live, at, summary });
  await ports.traffic.recordForeign(environment, live, kind);
  return kind === 'foreign-edit';
}

async function returnOrphan(ports: GuardPorts, environment: string, live: LiveSplit, at: string): Promise<boolean> {
  if (live.split.canaryBasisPoints === 0 && live.split.mirrorBasisPoints === 0 && live.split.canary === null)
    return false;
  // A canary that somebody set by hand, at 0 %, carries no users: leave it.
  if (live.split.canaryBasisPoints === 0 && live.split.mirrorBasisPoints === 0) return false;
  const split: TrafficSplit = { ...live.split, canary: null, canaryBasisPoints: 0, mirrorBasisPoints: 0 };
  const idempotencyKey = `traffic-guard/${environment}/${split.model}/${live.generation}`;
  const summary = `Split of ${split.model} had no rollout any more: ${live.split.canaryBasisPoints / 100} % returned to ${split.stable.version}`;
  const reserved = await ports.traffic.reserve({
    environment,
    idempotencyKey,
    split,
    expectedGeneration: live.generation,
    actor: 'traffic-guard',
    reason: summary,
  });
  const applied = await ports.router.apply({ ...reserved, actor: 'traffic-guard', reason: summary });
  await ports.traffic.markApplied(environment, applied);
  await ports.rollouts.openIncident({
    idempotencyKey,
    model: split.model,
    environment,
    kind: 'orphaned-split',
    severity: 'page',
    summary,
    evidence: { live, applied },
  });
  await tell(ports.notifier, { idempotencyKey, event: 'orphaned-split', environment, live, at, summary });
  return true;
}

async function tell(
  notifier: Notifier,
  news: { idempotencyKey: string; event: string; environment: string; live: LiveSplit; at: string; summary: string },
): Promise<void> {
  await notifier.deliver({
    idempotencyKey: news.idempotencyKey,
    event: news.event,
    rolloutId: `rollout/${news.environment}/${news.live.split.model}`,
    model: news.live.split.model,
    environment: news.environment,
    at: news.at,
    summary: news.summary,
    severity: 'warning',
    details: { live: news.live },
  });
}
