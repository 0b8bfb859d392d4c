import type { ApprovalTerms } from './request.ts';
import type { RiskBand } from './risk.ts';

/** What approvals of each risk need. */
export type ApprovalPolicy = Readonly<Record<RiskBand, ApprovalTerms>>;

const HOUR = 3600;
const DAY = 24 * HOUR;

/** Who asks cannot choose: the worker applies this. The riskier, the more people, and the sooner somebody is woken. */
export const APPROVAL_POLICY: ApprovalPolicy = {
  low: {
    quorum: 1,
    roles: ['reviewer', 'approver'],
    expireAfterSeconds: 14 * DAY,
    remindEverySeconds: 2 * DAY,
    escalateAfterSeconds: 7 * DAY,
  },
  medium: {
    quorum: 1,
    roles: ['reviewer', 'approver'],
    expireAfterSeconds: 7 * DAY,
    remindEverySeconds: DAY,
    escalateAfterSeconds: 3 * DAY,
  },
  high: {
    quorum: 2,
    roles: ['approver'],
    expireAfterSeconds: 7 * DAY,
    remindEverySeconds: DAY,
    escalateAfterSeconds: 2 * DAY,
  },
  critical: {
    quorum: 3,
    roles: ['approver'],
    expireAfterSeconds: 5 * DAY,
    remindEverySeconds: DAY / 2,
    escalateAfterSeconds: DAY,
  },
};
