import { z } from 'zod';
import type { Json } from '../../../domain/governance/event-draft.ts';
import {
  APPROVAL_KINDS,
  APPROVAL_STATES,
  type ApprovalView,
  type DecisionAnswer,
} from '../../../domain/registry/approval/request.ts';

const VERDICT = z.enum(['approve', 'deny']);
const TIME = z.iso.datetime().describe('UTC');
const DIGEST = z.string().describe('SHA-256, hex');
const COUNT = z.int().min(0);

const DECISION = z.object({
  principal: z.string(),
  verdict: VERDICT,
  onBehalfOf: z.string().nullable().describe('Whose right was used, when it was delegated; null: the own'),
  seen: DIGEST.describe('Of the content that was seen'),
  roles: z.array(z.string()).describe('That counted, at the time'),
  at: TIME,
});

const FIGURE = z.object({
  name: z.string(),
  value: z.number(),
  baseline: z.number().nullable().describe('The same of what it replaces; null: there is none'),
  limit: z.number().nullable().describe('What was wanted; null: nothing was'),
  unit: z.string().describe('ms, %, or empty for a plain number'),
  better: z.enum(['higher', 'lower']),
});

const RISK_BAND = z.enum(['low', 'medium', 'high', 'critical']);

/** An approval with everything that approvers are shown. */
export const APPROVAL = z.object({
  approvalId: z.string(),
  kind: z.enum(APPROVAL_KINDS),
  resource: z.string().describe('What it is for, e.g. model/rag_api/2.1.0/stage/production/production'),
  environment: z.string(),
  state: z.enum(APPROVAL_STATES),
  requestedBy: z.string().describe('Principal id'),
  excluded: z
    .record(z.string(), z.enum(['author', 'uploader', 'data owner', 'starter', 'requester']))
    .describe('Principal ids that may not decide, and what they are'),
  bound: z
    .object({ artifact: DIGEST.nullable(), tests: DIGEST, policy: DIGEST })
    .describe('A change of one of them voids what was given'),
  contentDigest: DIGEST.describe('Of everything that approvers are shown: `seen` of a decision'),
  evidence: z.array(FIGURE),
  action: z.record(z.string(), z.custom<Json>()).describe('What will be done'),
  risk: z.object({ score: z.number().min(0).max(100), band: RISK_BAND }),
  riskReasons: z.array(z.object({ points: z.number(), reason: z.string() })),
  quorum: COUNT.describe('Distinct approvers that are needed'),
  roles: z.array(z.string()).describe('An approver has one of these'),
  round: z.int().min(1).describe('Content that changed begins another'),
  decisions: z.array(DECISION).describe('Of this round, oldest first'),
  names: z.record(z.string(), z.string()).describe('Behind principal ids, as far as they were not erased'),
  createdAt: TIME,
  askedAt: TIME.describe('When this round began; UTC'),
  remindEverySeconds: z.number(),
  reminders: COUNT.describe('Sent in this round'),
  escalateAt: TIME,
  isEscalated: z.boolean(),
  expiresAt: TIME,
  ledgerSequence: COUNT.describe('The event of its newest change'),
  isImported: z.boolean().describe('What an imported registry says of another installation: good for nothing here'),
}) satisfies z.ZodType<ApprovalView>;

/** What somebody decides. */
export const DECISION_BODY = z
  .strictObject({
    verdict: VERDICT,
    seen: z.string().min(1).describe('contentDigest of what was seen: refused when it is another by now'),
    reason: z.string().default('').describe('Why; sealed in the ledger. A denial has one'),
  })
  .refine(({ reason, verdict }) => verdict === 'approve' || reason.trim() !== '', {
    path: ['reason'],
    error: 'wanted why it is denied',
  });

/** What came of it: it is written. */
export const DECISION_ANSWER = z.object({
  accepted: z.literal(true),
  what: z.string().describe('In words'),
  state: z.enum(APPROVAL_STATES),
  missing: COUNT.describe('Approvals that are still missing'),
  round: z.int().min(1),
}) satisfies z.ZodType<DecisionAnswer>;
