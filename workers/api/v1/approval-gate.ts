import type { composeApprovals } from '../../approvals.ts';
import type { Callers } from '../callers.ts';

/** Approvals, and who reads them without a signature. */
export interface ApprovalGate {
  readonly approvals: ReturnType<typeof composeApprovals>;
  readonly callers: Callers;
}
