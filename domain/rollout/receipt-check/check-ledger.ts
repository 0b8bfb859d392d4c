import { ERASED_WORDS } from '../../governance/custody-drafts.ts';
import { boundContentOf } from '../../governance/rollout-drafts.ts';
import type { RolloutReceipt } from '../receipt.ts';
import { differencesOf } from './differences.ts';

/** An event of the ledger, as far as a receipt is compared with it. */
export interface LedgerEntry {
  readonly sequence: number;
  readonly type: string;
  readonly resource: string;
  readonly requestId?: string;
  readonly happenedAt?: string;
  readonly facts?: Readonly<Record<string, unknown>>;
  /** What it committed to, where the export shows it. */
  readonly payload?: Readonly<Record<string, unknown>>;
}

/** Types of a rollout's events that are no entries of its story. */
const NO_STORY: readonly string[] = ['rollout.opened', 'rollout.judged', 'rollout.closed'];

/** Whether a receipt of that rollout is compared with an event. */
export function concernsReceipt({ rollout }: RolloutReceipt, { requestId, resource, type }: LedgerEntry): boolean {
  if (requestId === rollout.rolloutKey) return type.startsWith('rollout.');
  return type.startsWith('traffic.') && resource === `traffic/${rollout.environment}/${rollout.model}`;
}

/**
 * Compares a receipt with the ledger: plan and policy, each look by its digest, each traffic write, the story and the
 * outcome are in the log, and the log has no more of this rollout.
 *
 * @param entries all that concern it of a verified, full export, in order
 * @param digestOf SHA-256 (hex) of a value's canonical text
 */
export function checkLedger(
  receipt: RolloutReceipt,
  entries: readonly LedgerEntry[],
  digestOf: (value: unknown) => string,
): string[] {
  const of = (type: string): readonly LedgerEntry[] => entries.filter((entry) => entry.type === type);
  return [
    ...checkOpening(receipt, of('rollout.opened'), digestOf),
    ...checkJudged(receipt, of('rollout.judged'), digestOf),
    ...checkStory(
      receipt,
      entries.filter(({ type }) => type.startsWith('rollout.') && !NO_STORY.includes(type)),
    ),
    ...checkTraffic(receipt, entries),
    ...checkClose(receipt, of('rollout.closed')),
  ];
}

function checkOpening(
  { rollout }: RolloutReceipt,
  opened: readonly LedgerEntry[],
  digestOf: (value: unknown) => string,
): string[] {
  const [entry] = opened;
  if (entry === undefined || opened.length > 1)
    return [`the ledger has ${opened.length} openings of rollout ${rollout.rolloutKey}, wanted one`];
  const { environment, model, fromVersion, toVersion } = rollout;
  const wanted = {
    resource: `rollout/${environment}/${model}`,
    happenedAt: rollout.startedAt,
    facts: { fromVersion, toVersion, planDigest: digestOf(rollout.plan), policyDigest: digestOf(rollout.policy) },
  };
  const { resource, happenedAt, facts } = entry;
  const paths = differencesOf(wanted, { resource, happenedAt, facts }, true);
  return paths.map((path) => `opening (event ${entry.sequence}): ${path} is another in the ledger`);
}

function checkJudged(
  { ticks }: RolloutReceipt,
  judged: readonly LedgerEntry[],
  digestOf: (value: unknown) => string,
): string[] {
  const counted =
    judged.length === ticks.length
      ? []
      : [`the ledger has ${judged.length} looks of this rollout, the receipt ${ticks.length}`];
  const differing = ticks.flatMap((look, index) => {
    const entry = judged[index];
    if (entry === undefined) return [];
    const { tick, rowDigest } = entry.facts ?? {};
    if (tick !== look.tick) return [`look ${look.tick}: the ledger has look ${String(tick)} in its place`];
    return rowDigest === digestOf(boundContentOf(look))
      ? []
      : [`look ${look.tick}: the ledger has another (event ${entry.sequence})`];
  });
  return [...counted, ...differing];
}

function checkStory({ events }: RolloutReceipt, entries: readonly LedgerEntry[]): string[] {
  const told = new Map<string, LedgerEntry[]>();
  for (const entry of entries) {
    const { weightPercent, generation } = entry.facts ?? {};
    const name = nameOf(entry.type, entry.happenedAt, weightPercent, generation);
    told.set(name, [...(told.get(name) ?? []), entry]);
  }
  const problems = events.flatMap(({ event, at, details }) => {
    const { weightPercent, generation, ...words } = details;
    const entry = told.get(nameOf(`rollout.${event}`, at, weightPercent, generation))?.shift();
    if (entry === undefined) return [`${event} at ${at} is not in the ledger`];
    return entry.payload === undefined || isErased(details) || differencesOf(words, entry.payload, true).length === 0
      ? []
      : [`${event} at ${at}: the ledger has other words (event ${entry.sequence})`];
  });
  const left = [...told.values()].flat();
  return [...problems, ...left.map(({ type, sequence }) => `${type} (event ${sequence}) is not in the receipt`)];
}

/** An export of before an erasure still has the words that the receipt has no more. */
function isErased({ detail }: Readonly<Record<string, unknown>>): boolean {
  return typeof detail === 'string' && detail.endsWith(ERASED_WORDS);
}

function nameOf(...parts: readonly unknown[]): string {
  return JSON.stringify(parts.map((part) => part ?? null));
}

function checkTraffic({ writes }: RolloutReceipt, entries: readonly LedgerEntry[]): string[] {
  const has = (type: string, facts: Readonly<Record<string, unknown>>): boolean =>
    entries.some((entry) => entry.type === type && differencesOf(entry.facts, facts, true).length === 0);
  return writes.flatMap(({ generation, split, appliedAt, refusedCode }) => {
    const { stable, canary, canaryBasisPoints, mirrorBasisPoints } = split;
    const versions = { stableVersion: stable.version, canaryVersion: canary?.version ?? null };
    const facts = { generation, ...versions, canaryBasisPoints, mirrorBasisPoints };
    return [
      ...(has('traffic.reserved', facts) ? [] : ['reserved']),
      ...(appliedAt === null || has('traffic.applied', facts) ? [] : ['applied']),
      ...(refusedCode === null || has('traffic.refused', { ...facts, code: refusedCode }) ? [] : ['refused']),
    ].map((stage) => `write of generation ${generation} was not ${stage} like this by the ledger`);
  });
}

function checkClose({ outcome }: RolloutReceipt, closed: readonly LedgerEntry[]): string[] {
  const wanted = outcome === null ? [] : [{ outcome: outcome.outcome, reason: outcome.reason, at: outcome.at }];
  const found = closed.map(({ facts, happenedAt }) => ({
    outcome: facts?.['outcome'],
    reason: facts?.['reason'],
    at: happenedAt,
  }));
  if (differencesOf(wanted, found, true).length === 0) return [];
  const words = (ends: readonly (typeof found)[number][]): string =>
    ends.map((end) => `${String(end.outcome)} for ${String(end.reason)} at ${end.at}`).join(', ') || 'open';
  return [`outcome: ${words(wanted)}, in the ledger ${words(found)}`];
}
