import type { EventActor } from '../domain/governance/event-draft.ts';
import type { ApprovalPolicy } from '../domain/registry/approval/policy.ts';
import { judgeQuorum } from '../domain/registry/approval/quorum.ts';
import type { ApprovalOrder, ApprovalRecord } from '../domain/registry/approval/request.ts';
import type { OpenRequest, RolloutAsk } from '../domain/rollout/approval-request.ts';
import type { ApprovalStore } from './approval-ports.ts';
import { createApprovalWriter } from './approval-writer.ts';
import { inOwnEnvironment } from './own-environment.ts';
import type { Outbox } from './ports.ts';

/** A request that is open now. */
export type AskedApproval = Pick<OpenRequest, 'approvalId' | 'bound' | 'contentDigest' | 'missing' | 'quorum'>;

/** What a rollout asks, with everything that was found out about it. */
export interface AssembledAsk {
  readonly approvalId: string;
  /** It is written already. */
  readonly isOpen: boolean;
  readonly order: ApprovalOrder;
  readonly requester: EventActor;
}

/** Port: approvals as rollouts ask for them. */
export interface RolloutApprovals {
  /** @throws APPROVAL_REFUSED when the records know no such rollout underway; DATABASE_UNREACHABLE */
  assemble(ask: RolloutAsk): Promise<AssembledAsk>;
  /** Has somebody wait for a request that is written, or look at what is new of it. */
  takeUp(approvalId: string): Promise<void>;
}

interface Ports {
  readonly environment: string;
  readonly approvals: ApprovalStore;
  readonly approvalPolicy: ApprovalPolicy;
  readonly outbox: Outbox;
  readonly rolloutApprovals: RolloutApprovals;
}

/** What rollouts ask of approvals. */
export function createRolloutApprovalActivities(ports: Ports) {
  const { approvalPolicy, approvals, environment, rolloutApprovals } = ports;
  const writer = createApprovalWriter(ports);
  return {
    ...inOwnEnvironment(environment, {
      /**
       * Asks people about a gate, a hold or a promotion; with what the registry knows of the version. It is written here, by the worker
       * that the rollout runs on: what a workflow is started with says whoever reaches the engine.
       */
      async askForApproval(ask: RolloutAsk): Promise<AskedApproval> {
        const { approvalId, isOpen, order, requester } = await rolloutApprovals.assemble(ask);
        const { record } = await (isOpen
          ? writer.change(approvalId, order)
          : writer.open(approvalId, order, requester));
        await rolloutApprovals.takeUp(approvalId);
        return askedOf(record);
      },
    }),

    /** What was asked is no question any more. A request that has ended stays what it is. @throws DATABASE_UNREACHABLE */
    async withdrawRequest({ approvalId }: { readonly approvalId: string }): Promise<void> {
      await approvals.changeContent(approvalId, null, approvalPolicy);
    },
  };
}

function askedOf(record: ApprovalRecord): AskedApproval {
  const { approvalId, bound, contentDigest, decisions, quorum } = record;
  return { approvalId, bound, contentDigest, quorum, missing: judgeQuorum(record, decisions).missing };
}
