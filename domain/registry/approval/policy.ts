import type { ApprovalTerms } from './request.ts';
import type { RiskBand } from './risk.ts';

/**
 * What approvals of each risk need, as config/governance.yaml says. Who asks cannot choose: the worker applies it. The riskier, the more
 * people, and the sooner somebody is woken.
 */
export type ApprovalPolicy = Readonly<Record<RiskBand, ApprovalTerms>>;
