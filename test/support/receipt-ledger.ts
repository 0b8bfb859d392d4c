// The ledger as the stores write it for a receipt, signed.
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../domain/governance/canonical-json.ts';
import { assembleEvent, type EventDraft } from '../../domain/governance/event-draft.ts';
import type { ExportLine } from '../../domain/governance/export-format.ts';
import { NO_LEAF } from '../../domain/governance/primitives.ts';
import {
  boundContentOf,
  draftOfClose,
  draftOfEntry,
  draftOfStart,
  draftOfTick,
  draftOfTraffic,
} from '../../domain/governance/rollout-drafts.ts';
import type { RolloutReceipt } from '../../domain/rollout/receipt.ts';
import type { StoryEvent } from '../../domain/rollout/story.ts';
import { ORIGIN, primitives } from './ledger.ts';

const ACTOR = { id: 'system:test', kind: 'system', authentication: 'process' } as const;

const digestOf = (value: unknown): string => createHash('sha256').update(canonicalJson(value)).digest('hex');

/** Lines of an export that has a receipt, between events of somebody else. */
export function ledgerOf(receipt: RolloutReceipt): ExportLine[] {
  const stranger = { ...receipt.rollout, rolloutKey: 'other', model: 'other' };
  const digests = { plan: digestOf(receipt.rollout.plan), policy: digestOf(receipt.rollout.policy) };
  const lines: ExportLine[] = [];
  let previous = NO_LEAF;
  for (const draft of [draftOfStart(stranger, ACTOR, digests), ...draftsOf(receipt, digests)]) {
    const sequence = lines.length;
    const place = { log: ORIGIN, sequence, previous, recordedAt: '2026-01-02T00:00:00.000Z', commitment: null };
    const canonical = canonicalJson(assembleEvent(draft, place));
    previous = primitives.leafHash(canonical);
    lines.push({ sequence, leafHash: previous, canonical });
  }
  return lines;
}

function draftsOf(receipt: RolloutReceipt, digests: { plan: string; policy: string }): EventDraft[] {
  const { rollout, ticks, writes, events, outcome } = receipt;
  const { environment } = rollout;
  const looks = ticks.map((tick) => {
    const row = { ...tick, rolloutKey: rollout.rolloutKey, snapshot: null, state: null };
    return draftOfTick(rollout, row, digestOf(boundContentOf(tick)), ACTOR);
  });
  return [
    draftOfStart(rollout, ACTOR, digests),
    ...writes.flatMap(({ split, generation, reason }) =>
      (['reserved', 'applied'] as const).map((stage) =>
        draftOfTraffic(stage, { environment, split, generation, idempotencyKey: `${generation}`, reason }, ACTOR),
      ),
    ),
    ...looks,
    ...events.map((event) => draftOfEntry(rollout, { ...event, event: event.event as StoryEvent }, ACTOR)),
    ...(outcome === null ? [] : [draftOfClose(rollout, { ...outcome, actor: 'judge' }, ACTOR)]),
  ];
}
