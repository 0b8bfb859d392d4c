// The real approval workflow on a real Temporal server, over a store in memory that a test may hold up or break. For what the
// workflow decides; what the database refuses is tested on the real one.
import type { ApprovalActivityPorts } from '../../activities/approval.ts';
import { createApprovalActivities } from '../../activities/approval.ts';
import type { ApprovalDue, ApprovalNote, ApprovalStore, CarryOut } from '../../activities/approval-ports.ts';
import { translateErrors } from '../../activities/translate-errors.ts';
import { createApprovalDesk } from '../../adapters/temporal/approval-desk.ts';
import { MlopsError } from '../../domain/errors.ts';
import { APPROVAL_POLICY } from './approval-policy.ts';
import { chooseAuthority, judgeQuorum, ownDecision, problemOfDecision } from '../../domain/registry/approval/quorum.ts';
import type {
  ApprovalAsk,
  ApprovalContent,
  ApprovalRecord,
  ApprovalView,
  GoneBecause,
  Verdict,
} from '../../domain/registry/approval/request.ts';
import { TASK_QUEUE, type ApprovalStatus } from '../../workflows/messages.ts';
import type { ApprovalResult } from '../../workflows/approval.ts';
import { createDecision, createOrder, createRecord } from './approvals.ts';
import { openHouse } from './rollout-workflow.ts';
import { until } from './stack.ts';

/** Times of an approval of the theatre, seconds. */
export interface Times {
  readonly expire: number;
  readonly remind: number;
  readonly escalate: number;
}

/** What the world does; a test changes it while its approval waits. */
export interface ApprovalWorld {
  /** Before each write, named after the activity; may throw or take its time. */
  write(what: string): Promise<void>;
  /** Before people outside are told; may throw. */
  tell(event: string): Promise<void>;
  /** Content that is another by now; null when it is gone. */
  current: () => Promise<ApprovalContent | null | 'unknown'>;
  /** Why it has left; null while it is there. */
  gone: GoneBecause | null;
  apply: CarryOut['apply'];
  times: Times;
  /** The clock of the database. */
  now(): number;
}

export interface ApprovalScene {
  readonly world: ApprovalWorld;
  readonly record: () => ApprovalRecord;
  /** What people outside were told. */
  readonly told: readonly string[];
  readonly notes: readonly ApprovalNote[];
  /** Decisions that were refused by who looked, newest last. */
  readonly refused: readonly Refused[];
  decide(verdict: 'approve' | 'deny', principal: string, seen?: string): Promise<unknown>;
  /** An update of whatever shape, straight to the engine. */
  send(verdict: 'approve' | 'deny', input: object): Promise<unknown>;
  signal(name: string, ...inputs: unknown[]): Promise<void>;
  /** Updates that went past the validators. */
  accepted(): Promise<number>;
  status(): Promise<ApprovalStatus>;
  until(holds: (record: ApprovalRecord) => boolean, timeoutMs?: number): Promise<ApprovalRecord>;
  runs(): Promise<string>;
  terminate(): Promise<void>;
  result(): Promise<ApprovalResult>;
}

const HOUR = 3600;
/** Nothing has to be signed there. */
const ENVIRONMENT = 'staging';

interface Refused {
  readonly who: string;
  readonly problem: string;
}

interface Shelf {
  record: ApprovalRecord;
  /** Counts what was written of it. */
  version: number;
  readonly world: ApprovalWorld;
  readonly told: string[];
  readonly notes: ApprovalNote[];
  readonly refused: Refused[];
  /** What was decided by each link that is used up. */
  readonly usedLinks: Map<string, Verdict>;
}

/** @param suggestContinueAsNewAfter events of a history */
export async function openApprovalTheatre(suggestContinueAsNewAfter = 5000) {
  const shelves = new Map<string, Shelf>();
  const activities = translateErrors(createApprovalActivities(portsOver(shelves)));
  const { client, close } = await openHouse(activities, suggestContinueAsNewAfter);
  return {
    close,
    client,
    /** Has somebody take an approval up that no start of this theatre has made; gives how its workflow fails. */
    takeUpUnknown: async (approvalId: string): Promise<unknown> => {
      const handle = await client.workflow.signalWithStart('approval', {
        workflowId: `approval/${approvalId}`,
        taskQueue: TASK_QUEUE,
        args: [{ approvalId, order: null }],
        signal: 'contentChanged',
        signalArgs: [],
      });
      return await handle.result().catch((error: unknown) => (error as { cause?: unknown }).cause);
    },
    start: async (
      world: Partial<ApprovalWorld> = {},
      order: Partial<ApprovalAsk> = {},
      terms: Partial<ApprovalRecord> = {},
    ): Promise<ApprovalScene> => {
      const resource = `model/m${shelves.size}`;
      const approvalId = `apr-${shelves.size}`;
      const shelf: Shelf = {
        record: createRecord({ approvalId, resource, environment: ENVIRONMENT, askedAt: '', ...terms }),
        world: {
          write: async () => undefined,
          tell: async () => undefined,
          current: async () => await Promise.resolve('unknown'),
          gone: null,
          apply: async () => await Promise.resolve({ isDone: true, what: 'done' }),
          times: { expire: 2 * HOUR, remind: HOUR, escalate: HOUR },
          now: Date.now,
          ...world,
        },
        version: 0,
        told: [],
        notes: [],
        refused: [],
        usedLinks: new Map(),
      };
      shelves.set(approvalId, shelf);
      const desk = createApprovalDesk(
        client,
        {
          standing: async () => await Promise.resolve({ record: shelf.record, nowMs: Date.now() }),
          openFor: async () => await Promise.resolve(null),
          countFor: async () => await Promise.resolve(0),
          isTaken: async () => await Promise.resolve(false),
        },
        TASK_QUEUE,
      );
      const handle = await client.workflow.start('approval', {
        workflowId: `approval/${approvalId}`,
        taskQueue: TASK_QUEUE,
        args: [{ approvalId, order: createOrder({ resource, environment: ENVIRONMENT, ...order }) }],
      });
      const newest = client.workflow.getHandle(handle.workflowId);
      return {
        world: shelf.world,
        record: () => shelf.record,
        told: shelf.told,
        notes: shelf.notes,
        refused: shelf.refused,
        decide: async (verdict, principal, seen = shelf.record.contentDigest) =>
          await desk.decide(
            approvalId,
            verdict,
            { claim: { actor: principal }, code: null, reason: 'because', seen },
            async () => await Promise.resolve(principal),
          ),
        send: async (verdict, input) =>
          await newest.executeUpdate<unknown, [object]>(verdict, { args: [input] }).catch((error: unknown) => {
            throw new Error(String((error as Error).cause ?? error), { cause: error });
          }),
        signal: async (name, ...inputs) => await newest.signal(name, ...inputs),
        accepted: async () =>
          ((await newest.fetchHistory()).events ?? []).filter(
            (event) =>
              event.workflowExecutionUpdateAcceptedEventAttributes !== null &&
              event.workflowExecutionUpdateAcceptedEventAttributes !== undefined,
          ).length,
        status: async () => await newest.query<ApprovalStatus>('status'),
        until: async (holds, timeoutMs = 20_000) =>
          await until(async () => await Promise.resolve(shelf.record), holds, timeoutMs),
        runs: async () => (await newest.describe()).runId,
        terminate: async () => void (await newest.terminate()),
        result: async () => (await newest.result()) as ApprovalResult,
      };
    },
  };
}

function portsOver(shelves: ReadonlyMap<string, Shelf>): ApprovalActivityPorts {
  const shelfOf = (approvalId: string): Shelf => {
    const shelf = shelves.get(approvalId);
    if (shelf === undefined) throw new MlopsError('APPROVAL_NOT_FOUND', { approvalId });
    return shelf;
  };
  return {
    environment: ENVIRONMENT,
    approvals: storeOver(shelfOf),
    approvalPolicy: APPROVAL_POLICY,
    identities: {
      principal: async (id) =>
        await Promise.resolve({ id, kind: 'human', roles: id.startsWith('approver:') ? ['approver'] : ['viewer'] }),
    },
    // Who claims to be somebody is, here.
    authority: {
      authorise: async ({ actor }) =>
        await Promise.resolve({ id: actor, kind: 'human', authentication: 'test' } as const),
    },
    // What a test asks for is there, as it says.
    boundContent: {
      whyGone: async ({ resource }) =>
        await Promise.resolve(
          [...shelves.values()].find(({ record }) => record.resource === resource)?.world.gone ?? null,
        ),
      assess: async (_, before) => {
        const { excluded, risk } = createOrder();
        if (before === null) return await Promise.resolve({ ...createOrder(), risk });
        const found = await shelfOf(before.approvalId).world.current();
        return found === null || found === 'unknown' ? found : { ...found, excluded, risk };
      },
    },
    carryOut: { apply: async (approval) => await shelfOf(approval.approvalId).world.apply(approval) },
    outbox: {
      send: async ({ details, event }) => {
        const shelf = shelfOf(String(details['approvalId']));
        await shelf.world.tell(event);
        shelf.told.push(event);
      },
    },
  };
}

function storeOver(shelfOf: (approvalId: string) => Shelf): ApprovalStore {
  const standing = async (approvalId: string) => {
    const { record, version, world } = shelfOf(approvalId);
    return await Promise.resolve({ record, version, nowMs: world.now() });
  };
  const change = async (
    approvalId: string,
    what: string,
    changed: (record: ApprovalRecord) => Partial<ApprovalRecord>,
  ) => {
    const shelf = shelfOf(approvalId);
    await shelf.world.write(what);
    shelf.record = { ...shelf.record, ...changed(shelf.record) };
    shelf.version += 1;
    return await standing(approvalId);
  };
  const timesOf = ({ escalate, expire, remind }: Times, now = Date.now()): Partial<ApprovalRecord> => ({
    askedAt: new Date(now).toISOString(),
    expiresAt: new Date(now + expire * 1000).toISOString(),
    escalateAt: new Date(now + escalate * 1000).toISOString(),
    remindEverySeconds: remind,
    reminders: 0,
    isEscalated: false,
  });
  return {
    standing,
    view: async (approvalId) => await Promise.resolve(shelfOf(approvalId).record as ApprovalView),
    open: async (approvalId) =>
      await change(approvalId, 'open', ({ askedAt }) =>
        askedAt === '' ? timesOf(shelfOf(approvalId).world.times) : {},
      ),
    authorities: async (_, principal, directory) => [
      { principal, roles: (await directory.principal(principal))?.roles ?? [], handovers: 0 },
    ],
    decide: async (order) =>
      await change(order.approvalId, 'decide', (record) => {
        const principal = order.actor.id;
        const candidate = { ...order, principal };
        const problem = problemOfDecision(record, candidate, Date.now());
        if (problem !== null)
          throw new MlopsError('APPROVAL_REFUSED', { action: 'Approval', approvalId: order.approvalId, problem });
        if (ownDecision(record, candidate) !== null) return {};
        if (order.linkId !== null) shelfOf(order.approvalId).usedLinks.set(order.linkId, order.verdict);
        if (chooseAuthority(record, order.authorities).problem !== null) throw new Error('not reached');
        const decisions = [
          ...record.decisions,
          createDecision(principal, { verdict: order.verdict, seen: order.seen }),
        ];
        const { verdict } = judgeQuorum(record, decisions);
        return { decisions, state: verdict };
      }),
    pass: async (approvalId, due) => await change(approvalId, due.what, (record) => passed(record, due)),
    changeContent: async (approvalId, content) =>
      await change(approvalId, 'changeContent', (record) =>
        content === null
          ? { state: 'voided' }
          : content.bound.tests === record.bound.tests
            ? {}
            : {
                bound: content.bound,
                contentDigest: content.bound.tests,
                decisions: [],
                round: record.round + 1,
                state: 'pending',
                ...timesOf(shelfOf(approvalId).world.times),
              },
      ),
    openLink: async (code, verdict) => {
      const [approvalId = '', principal = ''] = code.split('.');
      const { contentDigest } = shelfOf(approvalId).record;
      if ((shelfOf(approvalId).usedLinks.get(code) ?? verdict) !== verdict)
        throw new MlopsError('APPROVAL_LINK_INVALID', { problem: 'it was used already' });
      return await Promise.resolve({ linkId: code, approvalId, principal, seen: contentDigest });
    },
    carriedOut: async (approvalId) => await change(approvalId, 'carriedOut', () => ({ state: 'carried-out' })),
    refuse: async ({ actor, approvalId, problem }) => {
      const shelf = shelfOf(approvalId);
      await shelf.world.write('refuse');
      shelf.refused.push({ who: actor.id, problem });
    },
    note: async (approvalId, note) => {
      const shelf = shelfOf(approvalId);
      await shelf.world.write('note');
      shelf.notes.push(note);
    },
  };
}

function passed(record: ApprovalRecord, due: ApprovalDue): Partial<ApprovalRecord> {
  if (due.what === 'reminder') return { reminders: Math.max(record.reminders, due.number) };
  if (due.what === 'escalation') return { isEscalated: true };
  return Date.now() >= Date.parse(record.expiresAt) ? { state: 'expired' } : {};
}
