import type { Client } from '@temporalio/client';
import type { Pool } from 'pg';
import type { AskedThing } from '../activities/approval-ports.ts';
import { digestOf } from '../adapters/crypto/digest-of.ts';
import { findReferences } from '../adapters/postgres/ledger/find-references.ts';
import type { EvidenceParts } from '../adapters/postgres/rollout-store.ts';
import type { MlopsConfig } from '../config/schema.ts';
import { MlopsError } from '../domain/errors.ts';
import type { EventActor } from '../domain/governance/event-draft.ts';
import {
  draftOfRecording,
  draftOfTexts,
  hasTexts,
  jsonOfRecording,
  parseRecording,
  problemOfRecording,
  unshownClaims,
  withFrameworks,
  withTextsAt,
  type RecordedEvent,
} from '../domain/governance/recorded-event.ts';
import type { Claim } from '../domain/governance/statement.ts';
import type { ApprovalAssessment, ApprovalView } from '../domain/registry/approval/request.ts';
import { composeApprovals, type AskingRules } from './approvals.ts';
import { composeAuthority } from './authority.ts';
import type { Carriers } from './carriers.ts';

/** Records what programs did elsewhere, each call authorised; the shape is client/governance/recorder-port.ts. */
export function composeRecorder(
  config: AskingRules & Pick<MlopsConfig, 'complianceFrameworks'>,
  { connect, evidence }: { readonly connect: () => Promise<Client>; readonly evidence: EvidenceParts },
) {
  const authority = composeAuthority(config, evidence);
  const approvals = composeApprovals(config, { connect, evidence });
  return {
    async record(given: RecordedEvent, claim: Claim) {
      const actor = await authority.authorise(claim, {
        action: 'governance.record',
        resource: 'ledger',
        content: given,
      });
      const problem = problemOfRecording(given);
      if (problem !== null)
        throw new MlopsError('USAGE_INVALID', {
          problem: `Event cannot be recorded: ${problem}`,
          hint: 'See docs/how-to/approve.md',
        });
      const event = withFrameworks(given, config.complianceFrameworks);
      const unshown = unshownClaims(event, await findReferences(evidence.pool, Object.values(event.evidence)));
      if (!event.approvalRequired && unshown.length === 0) {
        await evidence.ledger.append(draftOfRecording(event, { unshown, approvalId: null, approvers: [] }, actor));
        return { state: 'recorded', unshown } as const;
      }
      const asked = await sealTexts(evidence, event, actor);
      const { approvalId } = await approvals.request({
        kind: 'recorded-action',
        resource: resourceOf(asked),
        requestedBy: actor.id,
        action: jsonOfRecording(asked, []),
        reason: '',
      });
      return { state: 'pending', approvalId, unshown } as const;
    },
  };
}

/** What waits is kept beside the ledger too, where no erasure reaches: its texts are sealed before, and it says where. */
async function sealTexts({ ledger }: EvidenceParts, event: RecordedEvent, actor: EventActor): Promise<RecordedEvent> {
  if (!hasTexts(event)) return event;
  const sequence = await ledger.transact(
    async ({ append }) => await Promise.resolve(append(draftOfTexts(event, actor))),
  );
  return withTextsAt(event, sequence);
}

function resourceOf({ action, resource }: RecordedEvent): string {
  return `recorded/${resource}/${action}`;
}

/** What there is to approve of an event: what it claims, and which of that nothing shows. Null for what could not be recorded. */
async function assess(pool: Pool, asked: AskedThing, before: ApprovalView | null): Promise<ApprovalAssessment | null> {
  const event = parseRecording(asked.action ?? before?.action);
  if (event === null || problemOfRecording(event) !== null || resourceOf(event) !== asked.resource) return null;
  // Nothing else is kept in clear of what is new; whoever asks has sealed it before.
  if (asked.action !== undefined && hasTexts(event)) return null;
  const unshown = unshownClaims(event, await findReferences(pool, Object.values(event.evidence)));
  return {
    bound: { artifact: null, tests: digestOf(event.evidence), policy: digestOf([...event.frameworks].sort()) },
    evidence: [],
    action: jsonOfRecording(event, unshown),
    excluded: {},
    risk: {
      // What is done to a model meets its users.
      trafficPercent: event.category.startsWith('model_') ? 100 : 0,
      modelType: 'any',
      daysSinceLastChange: 1,
      failedGates: unshown.map((claim) => `${claim} is not shown`),
      changeSize: 'minor',
      signed: null,
    },
  };
}

/** What follows when somebody has approved that it is recorded. */
export function composeRecordedCarriers({ ledger, pool, principals }: EvidenceParts): Carriers {
  return {
    'recorded-action': {
      assess: async (asked, before) => await assess(pool, asked, before),
      async apply(approval: ApprovalView) {
        const { unshown, ...event } = approval.action as unknown as RecordedEvent & { unshown: readonly string[] };
        const given = approval.decisions.filter(({ verdict }) => verdict === 'approve');
        const more = { unshown, approvalId: approval.approvalId, approvers: given.map(({ principal }) => principal) };
        const draft = draftOfRecording(event, more, await principals.actor(approval.requestedBy));
        await ledger.append(draft, `approval/${approval.approvalId}/${approval.round}/recorded`);
        return { isDone: true, what: 'recorded' };
      },
    },
  };
}
