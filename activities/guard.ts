import { isEmergency } from '../domain/rollout/emergency.ts';
import type { LiveSplit } from '../domain/rollout/split.ts';
import { settleOrphan, type OrphanFate, type OrphanPorts } from './orphaned-split.ts';
import type { EmergencyJournal, RolloutLookup } from './ports.ts';
import { aboutSplit, tellPeople } from './tell-people.ts';

/** What the guard found and did. */
export interface GuardReport {
  readonly checked: number;
  readonly foreignEdits: readonly string[];
  readonly returned: readonly string[];
  /** Models whose split has no rollout and stays, because stable cannot take its users. */
  readonly left: readonly string[];
  /** Rollouts whose workflow had ended without closing them, by their keys. */
  readonly broken: readonly string[];
  readonly journaled: number;
}

interface GuardPorts extends OrphanPorts {
  readonly lookup: RolloutLookup;
  readonly journal: EmergencyJournal;
}

/** Activities of the traffic guard (architecture D14). */
export function createGuardActivities(ports: GuardPorts) {
  return {
    /**
     * Compares intended and observed split of every model: a foreign edit becomes an incident, an orphaned split (its
     * rollout is gone) goes back to the stable version when that is healthy, and the rollout that is gone is closed as
     * failed.
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
      const settling: Promise<readonly [model: string, fate: OrphanFate]>[] = [];
      const broken: string[] = [];
      for (const model of models) {
        // Both before the lookup: what was there and has no workflow a moment later is not that of a new rollout.
        const unfinished = await ports.rollouts.unfinished(environment, model);
        const live = await ports.router.observe(model);
        // An open rollout watches its own split, and deals with edits itself.
        if (await ports.lookup.isOpen(environment, model)) continue;
        broken.push(...(await closeBroken(ports, { unfinished, environment, model, at })));
        // The rollout may have ended between the two, and have taken its split with it.
        if (live === null || (await ports.router.observe(model))?.generation !== live.generation) continue;
        if (await reportForeignEdit(ports, environment, live, at)) foreignEdits.push(model);
        settling.push(settleOrphan(ports, environment, live, at).then((fate) => [model, fate]));
      }
      // Side by side: services that do not answer must not keep the guard from the others, nor does one that fails.
      const results = await Promise.allSettled(settling);
      const settled = results.map((result) => {
        if (result.status === 'rejected') throw result.reason;
        return result.value;
      });
      const of = (wanted: OrphanFate) => settled.flatMap(([model, fate]) => (fate === wanted ? [model] : []));
      const [returned, left] = [of('returned'), of('left')];
      return { checked: models.length, foreignEdits, returned, left, broken, journaled };
    },
  };
}

/** Nobody is left to say how a rollout ended whose workflow was terminated. Returns the keys of those. */
async function closeBroken(
  ports: GuardPorts,
  { unfinished, ...found }: Omit<BrokenRollout, 'rolloutKey'> & { readonly unfinished: readonly string[] },
): Promise<string[]> {
  if (unfinished.length === 0) return [];
  // One that ended in the meantime has its outcome by now.
  const still = await ports.rollouts.unfinished(found.environment, found.model);
  const broken = unfinished.filter((rolloutKey) => still.includes(rolloutKey));
  for (const rolloutKey of broken) await closeAsBroken(ports, { ...found, rolloutKey });
  return broken;
}

interface BrokenRollout {
  readonly rolloutKey: string;
  readonly environment: string;
  readonly model: string;
  readonly at: string;
}

async function closeAsBroken({ rollouts, outbox }: GuardPorts, rollout: BrokenRollout): Promise<void> {
  const { rolloutKey, environment, model, at } = rollout;
  const idempotencyKey = `${rolloutKey}/broken`;
  const detail = 'its workflow was terminated or timed out before it could end it';
  const outcome = { outcome: 'failed', reason: 'broken', detail, at, actor: 'traffic-guard' } as const;
  await rollouts.recordEvent({
    rolloutKey,
    idempotencyKey,
    at,
    event: 'failed',
    actor: 'traffic-guard',
    details: { detail: `broken: ${detail}` },
  });
  const summary = `Rollout of ${model} is broken: ${detail}`;
  await tellPeople(outbox, {
    idempotencyKey,
    event: 'failed',
    environment,
    model,
    at,
    summary,
    severity: 'page',
    details: {},
  });
  await rollouts.close(rolloutKey, { ...outcome, humanWaitSeconds: 0 }, null);
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
    actor: 'traffic-guard',
    kind,
    severity: 'warning',
    summary,
    evidence: { live, recorded: { generation: recorded.generation, split: recorded.split } },
  });
  await tellPeople(ports.outbox, { idempotencyKey, event: kind, environment, ...aboutSplit(live), at, summary });
  await ports.traffic.recordForeign(environment, live, kind);
  return kind === 'foreign-edit';
}
