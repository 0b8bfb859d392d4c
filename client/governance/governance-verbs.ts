import type { MlopsConfig } from '../../config/schema.ts';
import { MlopsError } from '../../domain/errors.ts';
import {
  CUSTODY_RESOURCE,
  type CheckpointKey,
  type ErasureReport,
  type Governance,
  type KeyRotation,
  type LegalHold,
  type WatchState,
} from '../governance-port.ts';
import type { CurrentIdentity } from '../identity-port.ts';
import { NAME, parseInput } from '../parse-input.ts';
import {
  ALARM,
  ERASURE,
  HOLD,
  RECORDING,
  ROTATION,
  type AlarmOrder,
  type ErasureOrder,
  type EventOrder,
  type HoldInput,
} from './governance-input.ts';
import { RECORDING_ACTION, type Recorder, type Recording } from './recorder-port.ts';

/** What became of an erasure; with `approvalId` nothing is erased before that approval is given. */
export type Erasure = ErasureReport & { readonly approvalId?: string };

/** How the watch over who does what stands, and what it goes by. */
export interface Watch extends WatchState {
  /** Whether it looks at all: `access_watch.enabled` of config/governance.yaml. */
  readonly enabled: boolean;
  readonly falseAlarmsPerMonth: number;
}

/** Legal holds. */
export interface HoldVerbs {
  /** Forbids the erasure of a subject; false when a hold for this case was there already. @throws SUBJECT_UNKNOWN */
  place(order: HoldInput): Promise<boolean>;
  /** Ends the hold for one case. @throws HOLD_UNKNOWN */
  release(order: HoldInput): Promise<void>;
  /** Those in force. */
  list(): Promise<readonly LegalHold[]>;
}

/**
 * Governance for programs: what the commands of `governance` do, and `recordEvent` of the brief. Who acts is who runs the program, never a text of
 * the call. Every verb may throw USAGE_INVALID, NOT_AUTHENTICATED, NOT_AUTHORISED, DATABASE_ROLE_MISSING and DATABASE_UNREACHABLE.
 */
export interface GovernanceVerbs {
  /** Writes down what a program did elsewhere, or asks for its approval first. @throws APPROVAL_UNANSWERED */
  recordEvent(order: EventOrder): Promise<Recording>;
  /** What an erasure would take away, and the hold that forbids it; nothing is changed. @throws SUBJECT_UNKNOWN */
  foreseeErasure(subject: string): Promise<ErasureReport & { readonly held: string | null }>;
  /**
   * Destroys the key that sealed all of a subject, for good; repeating it changes nothing. In production it waits for an approval.
   *
   * @throws SUBJECT_UNKNOWN, LEGAL_HOLD, APPROVAL_UNANSWERED
   */
  erase(order: ErasureOrder): Promise<Erasure>;
  readonly holds: HoldVerbs;
  /** Makes a key that waits, to be copied to the other machines of workers; returns its id. @throws LEDGER_KEYS_INVALID, KEY_ROTATION_REFUSED */
  addKey(): Promise<string>;
  /** Puts the newest key to use, and wraps every key anew. @throws LEDGER_KEYS_INVALID, LEDGER_KEY_UNREADABLE, KEY_SERVICE_UNREACHABLE */
  rotateKeys(order?: { readonly reason?: string }): Promise<KeyRotation>;
  /**
   * Makes a key that signs checkpoints beside the one in use; one at a time.
   *
   * @throws CHECKPOINT_KEY_ELSEWHERE, LEDGER_KEYS_INVALID, LEDGER_KEY_FOREIGN
   */
  addCheckpointKey(order?: { readonly reason?: string }): Promise<CheckpointKey>;
  /**
   * Ends the older of two keys that sign: `key` signs no more, `inUse` does alone; `verifierKey` is its line for files of trusted keys.
   *
   * @throws CHECKPOINT_KEY_ALONE, CHECKPOINT_KEY_UNUSED, LEDGER_UNSIGNED, and as addCheckpointKey
   */
  retireCheckpointKey(order?: {
    readonly reason?: string;
  }): Promise<{ readonly key: string; readonly inUse: string; readonly verifierKey: string }>;
  /** How the watch stands, with the alarms that it raised. */
  watch(): Promise<Watch>;
  /** Says that somebody has looked into an alarm, and what it was. @throws ALARM_UNKNOWN, ALARM_ACKNOWLEDGED, ALARM_OWN */
  acknowledge(order: AlarmOrder): Promise<{ readonly principal: string; readonly detector: string }>;
}

/** What governance needs of the system. */
export interface GovernanceVerbParts {
  governance(): Promise<Governance>;
  recorder(): Promise<Recorder>;
  identity(): Promise<CurrentIdentity>;
  config(): Promise<Pick<MlopsConfig, 'accessWatch' | 'environment'>>;
}

/** The verbs of governance, for the command line and for programs. */
export function createGovernanceVerbs(parts: GovernanceVerbParts): GovernanceVerbs {
  const claimOf = async (action: string, content: unknown) =>
    (await parts.identity()).claim({ action, resource: CUSTODY_RESOURCE, content });
  return {
    recordEvent: async (order) => await recordEvent(parts, order),
    foreseeErasure: async (given) => {
      const subject = parseInput('governance.foreseeErasure', NAME, given);
      return await (await parts.governance()).foresee(subject, await claimOf('governance.read', { subject }));
    },
    erase: async (given) => {
      const { confirm, reason = '', subject } = parseInput('governance.erase', ERASURE, given);
      assertConfirmed((await parts.config()).environment, subject, confirm);
      const content = { subject, reason };
      return await (await parts.governance()).erase({ ...content, ...(await claimOf('governance.erase', content)) });
    },
    holds: createHoldVerbs(parts, claimOf),
    addKey: async () => await (await parts.governance()).addKey(await claimOf('governance.rotate', { addOnly: true })),
    rotateKeys: async (given = {}) => {
      const { reason = '' } = parseInput('governance.rotateKeys', ROTATION, given);
      const claim = await claimOf('governance.rotate', { reason });
      return await (await parts.governance()).rotate({ reason, ...claim });
    },
    addCheckpointKey: async (given = {}) => {
      const { reason = '' } = parseInput('governance.addCheckpointKey', ROTATION, given);
      const claim = await claimOf('governance.rotate', { checkpointKey: 'add', reason });
      return await (await parts.governance()).addCheckpointKey({ reason, ...claim });
    },
    retireCheckpointKey: async (given = {}) => {
      const { reason = '' } = parseInput('governance.retireCheckpointKey', ROTATION, given);
      const claim = await claimOf('governance.rotate', { checkpointKey: 'retire', reason });
      return await (await parts.governance()).retireCheckpointKey({ reason, ...claim });
    },
    watch: async () => {
      const { isEnabled: enabled, rules } = (await parts.config()).accessWatch;
      const state = await (await parts.governance()).watch(await claimOf('governance.read', { watch: true }));
      return { enabled, falseAlarmsPerMonth: rules.falseAlarmsPerMonth, ...state };
    },
    acknowledge: async (given) => {
      const order = parseInput('governance.acknowledge', ALARM, given);
      const claim = await claimOf('governance.acknowledge', order);
      return await (await parts.governance()).acknowledge({ ...order, ...claim });
    },
  };
}

type ClaimOf = (action: string, content: unknown) => Promise<ReturnType<CurrentIdentity['claim']>>;

function createHoldVerbs(parts: GovernanceVerbParts, claimOf: ClaimOf): HoldVerbs {
  const orderOf = async (action: string, { caseId, reason = '', subject }: HoldInput) => {
    const content = { subject, reason, ...(caseId === undefined ? {} : { case: caseId }) };
    return { subject, reason, caseId: caseId ?? null, ...(await claimOf(action, content)) };
  };
  return {
    place: async (given) => {
      const order = await orderOf('governance.hold', parseInput('governance.holds.place', HOLD, given));
      return await (await parts.governance()).hold(order);
    },
    release: async (given) => {
      const order = await orderOf('governance.release-hold', parseInput('governance.holds.release', HOLD, given));
      await (await parts.governance()).release(order);
    },
    list: async () => await (await parts.governance()).holds(await claimOf('governance.read', null)),
  };
}

async function recordEvent(parts: GovernanceVerbParts, given: EventOrder): Promise<Recording> {
  const order = parseInput('governance.recordEvent', RECORDING, given);
  const event = {
    category: order.eventType,
    action: order.action,
    resource: order.resourceId,
    frameworks: order.complianceFrameworks ?? [],
    metadata: order.metadata ?? {},
    evidence: order.evidence ?? {},
    approvalRequired: order.approvalRequired ?? false,
  };
  const asked = { action: RECORDING_ACTION, resource: 'ledger', content: event };
  return await (await parts.recorder()).record(event, (await parts.identity()).claim(asked));
}

/** It cannot be undone: in production the subject is named twice. @throws USAGE_INVALID */
export function assertConfirmed(environment: string, subject: string, confirmed: string | undefined): void {
  if (environment !== 'production' || confirmed === subject) return;
  throw new MlopsError('USAGE_INVALID', {
    problem: `Erase in production refused: --confirm must name the subject, wanted ${subject}`,
    hint: `Look with --dry-run, then add --confirm ${subject} (\`confirm\` of a program): an erasure cannot be undone`,
  });
}
