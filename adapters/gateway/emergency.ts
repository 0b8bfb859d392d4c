import { randomUUID } from 'node:crypto';
import type { TrafficRouter } from '../../activities/ports.ts';
import type { MlopsConfig } from '../../config/schema.ts';
import { isMlopsError, messageOf, MlopsError } from '../../domain/errors.ts';
import type { ActSource } from '../../domain/governance/act-source.ts';
import type { Claim } from '../../domain/governance/statement.ts';
import { EMERGENCY_KEY_PREFIX, isEmergency, NO_REASON } from '../../domain/rollout/emergency.ts';
import { sameSplit, type LiveSplit, type TrafficSplit } from '../../domain/rollout/split.ts';
import { appendJournal, journalFileOf, lineOf, type JournalEntry } from './emergency-journal.ts';
import { createGatewayRouter } from './router.ts';

export interface EmergencyOrder extends Claim {
  readonly model: string;
  /** Null: none was given. */
  readonly reason: string | null;
}

/** Shape of client/evidence-port.ts; adapters do not import the client. */
interface UnjournaledLine {
  readonly line: string;
  readonly file: string;
  readonly problem: string;
}

/** Times a write is tried when a running ramp is faster. */
const ATTEMPTS = 10;

/** The emergency rollback on the built-in gateway (architecture D7), by somebody on the machine that `source` names. */
export function createEmergencyRollback(config: Pick<MlopsConfig, 'gateway' | 'stateDirectory'>, source: ActSource) {
  const router = createGatewayRouter(config);
  const journalFile = journalFileOf(config.stateDirectory);
  return {
    roll: async (order: EmergencyOrder, onUnjournaled: (unjournaled: UnjournaledLine) => void) =>
      await applyEmergencyRollback({ router, journalFile, onUnjournaled, source, ...order }),
  };
}

/**
 * Puts all traffic on the stable version, with a newer generation than whatever is live, and reads it back. Who and why
 * is in the journal, flushed, before the router is asked. A journal that cannot be written does not hold it up: the
 * lines are given to `onUnjournaled`.
 *
 * @throws ROUTER_UNREACHABLE, ROLLBACK_NOTHING_LIVE, TRAFFIC_NOT_VERIFIED
 */
export async function applyEmergencyRollback(
  parts: EmergencyOrder & {
    readonly router: Pick<TrafficRouter, 'apply' | 'observe'>;
    readonly journalFile: string;
    readonly source: ActSource;
    readonly onUnjournaled: (unjournaled: UnjournaledLine) => void;
  },
) {
  const { router, journalFile, model, actor, source, statement } = parts;
  const before = await router.observe(model);
  if (before === null) throw new MlopsError('ROLLBACK_NOTHING_LIVE', { model });
  const idempotencyKey = `${EMERGENCY_KEY_PREFIX}${randomUUID()}`;
  const reason = parts.reason ?? NO_REASON;
  let journaled = true;
  const note = async (stage: JournalEntry['stage'], after: LiveSplit | null): Promise<void> => {
    const at = new Date().toISOString();
    const id = `${idempotencyKey}/${stage}`;
    const signed = statement === undefined ? {} : { statement };
    const said = { model, actor, source, ...signed, reason };
    const entry: JournalEntry = { id, idempotencyKey, stage, at, ...said, before, after };
    await appendJournal(journalFile, entry).catch((error: unknown) => {
      journaled = false;
      parts.onUnjournaled({ line: lineOf(entry), file: journalFile, problem: messageOf(error) });
    });
  };
  await note('intent', null);
  const after = await writeUntilLive(router, before, idempotencyKey, actor, reasonAfter(before, parts.reason));
  await note('done', after);
  return { before, after, journaled, verifiedAt: new Date().toISOString() };
}

/** What the split says: whoever rolls back once more does not hide why it was done first. */
function reasonAfter(before: LiveSplit, given: string | null): string {
  if (!isEmergency(before)) return given ?? NO_REASON;
  return given === null ? before.reason : `${given} (after ${before.actor}: ${before.reason})`;
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
