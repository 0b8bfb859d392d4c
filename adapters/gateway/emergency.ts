import { randomUUID } from 'node:crypto';
import type { TrafficRouter } from '../../activities/ports.ts';
import type { MlopsConfig } from '../../config/schema.ts';
import { isMlopsError, MlopsError } from '../../domain/errors.ts';
import { EMERGENCY_KEY_PREFIX } from '../../domain/rollout/emergency.ts';
import { sameSplit, type LiveSplit, type TrafficSplit } from '../../domain/rollout/split.ts';
import { appendJournal, journalFileOf, type JournalEntry } from './emergency-journal.ts';
import { createGatewayRouter } from './router.ts';

export interface EmergencyOrder {
  readonly model: string;
  readonly actor: string;
  readonly reason: string;
}

/** Times a write is tried when a running ramp is faster. */
const ATTEMPTS = 10;

/** The emergency rollback on the built-in gateway (architecture D7). */
export function createEmergencyRollback(config: Pick<MlopsConfig, 'gateway' | 'stateDirectory'>) {
  const router = createGatewayRouter(config);
  const journalFile = journalFileOf(config.stateDirectory);
  return { roll: async (order: EmergencyOrder) => await applyEmergencyRollback({ router, journalFile, ...order }) };
}

/**
 * Puts all traffic on the stable version, with a newer generation than whatever is live, and reads it back. Who and why
 * is in the journal, flushed, before the router is asked.
 *
 * @throws ROUTER_UNREACHABLE, ROLLBACK_NOTHING_LIVE, TRAFFIC_NOT_VERIFIED
 */
export async function applyEmergencyRollback(
  parts: EmergencyOrder & { readonly router: Pick<TrafficRouter, 'apply' | 'observe'>; readonly journalFile: string },
): Promise<{ readonly before: LiveSplit; readonly after: LiveSplit; readonly verifiedAt: string }> {
  const { router, journalFile, model, actor, reason } = parts;
  const before = await router.observe(model);
  if (before === null) throw new MlopsError('ROLLBACK_NOTHING_LIVE', { model });
  const idempotencyKey = `${EMERGENCY_KEY_PREFIX}${randomUUID()}`;
  const note = (stage: JournalEntry['stage'], after: LiveSplit | null): JournalEntry => ({
    id: `${idempotencyKey}/${stage}`,
    idempotencyKey,
    stage,
    at: new Date().toISOString(),
    model,
    actor,
    reason,
    before,
    after,
  });
  await appendJournal(journalFile, note('intent', null));
  const after = await writeUntilLive(router, before, idempotencyKey, actor, reason);
  await appendJournal(journalFile, note('done', after));
  return { before, after, verifiedAt: new Date().toISOString() };
}

async function writeUntilLive(
  router: Pick<TrafficRouter, 'apply' | 'observe'>,
  before: LiveSplit,
  idempotencyKey: string,
  actor: string,
  reason: string,
): Promise<LiveSplit> {
  // The canary stays named, so that a person can still reach it by the override header.
  const split: TrafficSplit = { ...before.split, canaryBasisPoints: 0, mirrorBasisPoints: 0 };
  let current: LiveSplit | null = before;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const generation: number = (current?.generation ?? 0) + 1;
    try {
      await router.apply({ split, generation, expectedGeneration: null, idempotencyKey, actor, reason });
      const live = await router.observe(split.model);
      if (live !== null && live.idempotencyKey === idempotencyKey && sameSplit(live.split, split)) return live;
      current = live;
    } catch (error) {
      if (!isMlopsError(error, 'TRAFFIC_STALE_GENERATION')) throw error;
      current = await router.observe(split.model);
    }
  }
  throw new MlopsError('TRAFFIC_NOT_VERIFIED', {
    model: split.model,
    intended: 0,
    observed: `${(current?.split.canaryBasisPoints ?? 0) / 100} % (generation ${current?.generation ?? 0})`,
  });
}
