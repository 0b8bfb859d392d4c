import type { EventCategory } from '../../domain/governance/event-draft.ts';
import type { Framework } from '../../domain/governance/recorded-event.ts';
import type { CurrentIdentity } from '../identity-port.ts';
import { RECORDING_ACTION, type Recorder, type Recording } from './recorder-port.ts';

/** What a program reports. */
export interface EventOrder {
  readonly eventType: EventCategory;
  readonly resourceId: string;
  /** As a code: `deploy_production`. */
  readonly action: string;
  readonly complianceFrameworks?: readonly Framework[];
  /** It waits until somebody has approved it. */
  readonly approvalRequired?: boolean;
  /**
   * `true` is a claim, and `explainable` whatever it is but `false`: it is shown by `evidence` of the same name, or somebody has to approve it.
   * Free text is sealed under the key of who acts.
   */
  readonly metadata?: Readonly<Record<string, string | number | boolean>>;
  /** `sha256:<digest>` of a registered artifact, or `ledger:<sequence>`: about the resource, or a check of what is claimed. */
  readonly evidence?: Readonly<Record<string, string>>;
}

/** Governance for TypeScript programs. Who acts is who runs the program, never a text of the call. */
export interface Governance {
  /** @throws USAGE_INVALID, NOT_AUTHORISED, APPROVAL_UNANSWERED */
  recordEvent(order: EventOrder): Promise<Recording>;
}

export function createGovernance(
  recorder: () => Promise<Recorder>,
  identity: () => Promise<CurrentIdentity>,
): Governance {
  return {
    async recordEvent(order) {
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
      return await (await recorder()).record(event, (await identity()).claim(asked));
    },
  };
}
