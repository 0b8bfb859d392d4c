import type { RolloutOutcomeRecord, RolloutRecord, TickRecord } from '../rollout/records.ts';
import type { LiveSplit, TrafficSplit } from '../rollout/split.ts';
import { STORY, type StoryEvent } from '../rollout/story.ts';
import type { EventActor, EventCategory, EventDraft, Json, Risk } from './event-draft.ts';

/** The rollout an event is of. */
export interface RolloutSubject {
  readonly rolloutKey: string;
  readonly environment: string;
  readonly model: string;
  readonly toVersion: string;
}

/** How grave entries of a rollout's story are; the others are of low risk. */
const RISK: Readonly<Partial<Record<StoryEvent, Risk>>> = {
  started: 'medium',
  approved: 'medium',
  'approval-refused': 'medium',
  'signal-refused': 'medium',
  deny: 'medium',
  held: 'medium',
  incident: 'medium',
  overridden: 'high',
  promoted: 'high',
  failed: 'high',
  'rolled-back': 'high',
  'foreign-edit': 'high',
  'stable-down': 'critical',
};

const CATEGORY: Readonly<Partial<Record<StoryEvent, EventCategory>>> = {
  'rolled-back': 'model_rollback',
  promoted: 'model_promotion',
  approved: 'access_control',
  deny: 'access_control',
  'approval-refused': 'access_control',
  'signal-refused': 'access_control',
  'foreign-edit': 'security_event',
};

/** Change management is what rollouts are evidence of. */
const FRAMEWORKS = ['iso27001', 'soc2'];

function about(rollout: Omit<RolloutSubject, 'toVersion'>): Pick<EventDraft, 'resource' | 'requestId' | 'frameworks'> {
  return {
    resource: `rollout/${rollout.environment}/${rollout.model}`,
    requestId: rollout.rolloutKey,
    frameworks: FRAMEWORKS,
  };
}

/** A person's words are sealed under the person's key, whoever repeats them; the system's own under the rollout's. */
function subjectOf(actor: EventActor): Pick<EventDraft, 'subject'> {
  return actor.kind === 'human' ? { subject: actor.id } : {};
}

export function draftOfStart(
  record: RolloutRecord,
  actor: EventActor,
  digests: { plan: string; policy: string },
): EventDraft {
  const { fromVersion, toVersion, startedAt } = record;
  return {
    ...about(record),
    type: 'rollout.opened',
    category: 'model_deployment',
    actor,
    risk: 'medium',
    happenedAt: startedAt,
    facts: { fromVersion, toVersion, planDigest: digests.plan, policyDigest: digests.policy },
  };
}

/** An entry of the story: what it says in words is in the payload. `writer`: whose words or acts it tells of. */
export function draftOfEntry(
  rollout: RolloutSubject,
  entry: { readonly event: StoryEvent; readonly at: string; readonly details: Readonly<Record<string, unknown>> },
  actor: EventActor,
  writer = actor,
): EventDraft {
  const { weightPercent, generation, ...words } = entry.details;
  const { approvalId } = words;
  return {
    ...about(rollout),
    ...subjectOf(writer),
    type: `rollout.${entry.event}`,
    category: CATEGORY[entry.event] ?? 'model_deployment',
    actor,
    risk: RISK[entry.event] ?? 'low',
    happenedAt: entry.at,
    facts: {
      toVersion: rollout.toVersion,
      ...(typeof weightPercent === 'number' ? { weightPercent } : {}),
      ...(typeof generation === 'number' ? { generation } : {}),
      ...(typeof approvalId === 'string' ? { approvalId } : {}),
    },
    payload: words as { readonly [name: string]: Json },
  };
}

/** What a look rested on and what it found: what its event binds, by a digest of the canonical text. */
export function boundContentOf(
  look: Omit<TickRecord, 'rolloutKey' | 'snapshot' | 'state'>,
): Omit<TickRecord, 'rolloutKey' | 'snapshot' | 'state'> {
  const { at, engine, input, judged, step, tick, verdict } = look;
  return { at, engine, input, judged, step, tick, verdict };
}

/** A verdict: what was judged is in its row, and the digest binds the row to the log. */
export function draftOfTick(
  rollout: RolloutSubject,
  tick: TickRecord,
  rowDigest: string,
  actor: EventActor,
): EventDraft {
  const { decision, metric, observedBasisPoints, telemetry, verdict } = tick.verdict;
  return {
    ...about(rollout),
    type: 'rollout.judged',
    category: 'model_deployment',
    actor,
    risk: verdict === 'fail' ? 'high' : 'low',
    happenedAt: tick.at,
    facts: {
      toVersion: rollout.toVersion,
      tick: tick.tick,
      step: tick.step,
      judged: tick.judged,
      decision,
      metric,
      verdict,
      telemetry,
      observedBasisPoints,
      rowDigest,
    },
  };
}

export function draftOfClose(rollout: RolloutSubject, outcome: RolloutOutcomeRecord, actor: EventActor): EventDraft {
  return {
    ...about(rollout),
    ...subjectOf(actor),
    type: 'rollout.closed',
    category: outcome.outcome === 'rolled-back' ? 'model_rollback' : 'model_deployment',
    actor,
    risk: outcome.outcome === 'completed' ? 'low' : 'high',
    happenedAt: outcome.at,
    facts: { toVersion: rollout.toVersion, outcome: outcome.outcome, reason: outcome.reason },
    payload: { detail: outcome.detail },
  };
}

export function draftOfIncident(
  incident: {
    readonly environment: string;
    readonly model: string;
    readonly kind: string;
    readonly severity: 'info' | 'warning' | 'page';
    readonly summary: string;
    readonly evidence: unknown;
  },
  actor: EventActor,
  writer = actor,
): EventDraft {
  const { environment, evidence, kind, model, severity, summary } = incident;
  const isEdit = kind === 'foreign-edit' || kind === 'orphaned-split';
  return {
    ...subjectOf(writer),
    resource: `rollout/${environment}/${model}`,
    frameworks: FRAMEWORKS,
    type: 'incident.opened',
    category: isEdit ? 'security_event' : 'model_deployment',
    actor,
    risk: severity === 'page' ? 'high' : 'medium',
    facts: { kind, severity },
    payload: { summary, evidence: evidence as Json },
  };
}

/** What happened to a change of traffic. */
export type TrafficStage = keyof typeof TRAFFIC_ACTS;

/** What its event is named: what is found and nobody here has written is foreign. */
const TRAFFIC_ACTS = { reserved: 'reserved', applied: 'applied', refused: 'refused', found: 'foreign-write' } as const;

/** How far an emergency rollback has come. */
export const EMERGENCY_STAGES = ['intent', 'done'] as const;
export type EmergencyStage = (typeof EMERGENCY_STAGES)[number];

/** Names of the events of traffic. */
export const TRAFFIC_EVENTS: readonly string[] = [
  ...Object.values(TRAFFIC_ACTS),
  ...EMERGENCY_STAGES.map((stage) => `emergency-${stage}`),
  'emergency-unreadable',
];

/** Names of the events of rollouts. */
export const ROLLOUT_EVENTS: readonly string[] = ['opened', ...STORY, 'judged', 'closed'];

/** A change of traffic: weights and versions are facts, the reason is a payload. */
export function draftOfTraffic(
  stage: TrafficStage,
  change: {
    readonly environment: string;
    readonly split: TrafficSplit;
    readonly generation: number;
    readonly idempotencyKey: string;
    readonly reason: string;
    readonly code?: string;
  },
  actor: EventActor,
  writer = actor,
): EventDraft {
  const { code, environment, generation, idempotencyKey, reason, split } = change;
  const { canary, canaryBasisPoints, mirrorBasisPoints, model, stable } = split;
  return {
    ...subjectOf(writer),
    resource: `traffic/${environment}/${model}`,
    requestId: idempotencyKey,
    frameworks: FRAMEWORKS,
    type: `traffic.${TRAFFIC_ACTS[stage]}`,
    category: stage === 'found' ? 'security_event' : 'model_deployment',
    actor,
    risk: stage === 'found' ? 'high' : 'low',
    facts: {
      generation,
      stableVersion: stable.version,
      canaryVersion: canary?.version ?? null,
      canaryBasisPoints,
      mirrorBasisPoints,
      ...(code === undefined ? {} : { code }),
    },
    payload: { reason },
  };
}

/** An emergency rollback, from the journal that was written while the ledger may have been away. */
export function draftOfEmergency(
  line: {
    readonly id: string;
    readonly at: string;
    readonly environment: string;
    readonly model: string;
    readonly stage: string;
    readonly reason: string;
    readonly after: LiveSplit | null;
  },
  isLate: boolean,
  actor: EventActor,
): EventDraft {
  const { after, at, environment, id, model, reason, stage } = line;
  return {
    ...subjectOf(actor),
    resource: `traffic/${environment}/${model}`,
    requestId: id,
    frameworks: FRAMEWORKS,
    type: `traffic.emergency-${stage}`,
    category: 'model_rollback',
    actor,
    risk: 'critical',
    happenedAt: at,
    ...(isLate ? { isLate } : {}),
    facts: { journalId: id, generation: after?.generation ?? null, stableVersion: after?.split.stable.version ?? null },
    payload: { reason },
  };
}

/** A line of the journal of emergency rollbacks that is no entry. */
export interface UnreadableLine {
  /** From 1 */
  readonly line: number;
  readonly bytes: number;
  /** SHA-256, hex */
  readonly digest: string;
}

/** Somebody may have rolled back in an emergency, and nobody can read who. */
export function draftOfUnreadable(environment: string, { bytes, digest, line }: UnreadableLine): EventDraft {
  return {
    type: 'traffic.emergency-unreadable',
    category: 'security_event',
    actor: { id: 'system:traffic-guard', kind: 'workflow', authentication: 'process' },
    resource: `traffic/${environment}`,
    risk: 'high',
    frameworks: FRAMEWORKS,
    facts: { line, bytes, digest },
  };
}
