import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { ErrorCode } from '../../../domain/errors.ts';
import { MlopsError } from '../../../domain/errors.ts';
import { problemOfForm, type Claim, type SignedStatement } from '../../../domain/governance/statement.ts';
import { APPROVALS_RESOURCE, MOST_LISTED, resourceOfApproval } from '../../../domain/registry/approval/request.ts';
import { APPROVAL, DECISION_ANSWER, DECISION_BODY } from './approval-schema.ts';
import { NONE, route } from './route.ts';

const SCHEME = 'mlops-statement ';
const VERSIONED = { schemaVersion: z.literal(1) };
/** It stands in the event of a call that is refused, whoever calls: nothing else may be brought in by it. */
const ID = z.string().regex(/^[\w-]{1,100}$/, { error: 'wanted an id of an approval' });
const ONE = z.strictObject({ approvalId: ID.describe('As the list has it') });
const READ_REFUSALS: readonly ErrorCode[] = [
  'NOT_AUTHENTICATED',
  'NOT_AUTHORISED',
  'TOKEN_ISSUER_UNREACHABLE',
  'DATABASE_UNREACHABLE',
  'LEDGER_CLOSED',
];

/**
 * Approvals for programs. Who asks shows a signed statement: `authorization: Mlops-Statement <base64url of its JSON>`. To read a token is
 * enough, and on this machine outside production nothing; what is decided is signed everywhere.
 */
export const APPROVAL_ROUTES = [
  route({
    method: 'GET',
    path: '/approvals',
    operationId: 'listApprovals',
    summary: `What waits for an approval, newest first, ${MOST_LISTED} to a page`,
    shown: 'who-reads',
    params: NONE,
    query: z.strictObject({
      all: z.enum(['true', 'false']).optional().describe('Those that ended too'),
      after: ID.optional().describe('The cursor of the page before'),
    }),
    body: null,
    answer: z.object({
      ...VERSIONED,
      approvals: z.array(APPROVAL).max(MOST_LISTED),
      cursor: z.string().nullable().describe('`after` of the next page; null: there are no more'),
    }),
    refusals: ['APPROVAL_NOT_FOUND', ...READ_REFUSALS],
    async run({ gate }, { query, request }) {
      const asked = { all: query.all === 'true', after: query.after ?? null, limit: MOST_LISTED };
      const { approvals, callers } = await gate();
      if (isSigned(request))
        return { schemaVersion: 1, ...(await approvals.list(asked, statementOf(request))) } as const;
      const actor = await callers.admit(request, { action: 'approval.read', resource: APPROVALS_RESOURCE });
      return { schemaVersion: 1, ...(await approvals.admitted.list(asked, actor)) } as const;
    },
  }),
  route({
    method: 'GET',
    path: '/approvals/{approvalId}',
    operationId: 'showApproval',
    summary: 'One approval with everything that approvers are shown',
    shown: 'who-reads',
    params: ONE,
    query: NONE,
    body: null,
    answer: z.object({ ...VERSIONED, approval: APPROVAL }),
    refusals: ['APPROVAL_NOT_FOUND', ...READ_REFUSALS],
    async run({ gate }, { params: { approvalId }, request }) {
      const { approvals, callers } = await gate();
      if (isSigned(request))
        return { schemaVersion: 1, approval: await approvals.show(approvalId, statementOf(request)) } as const;
      const resource = resourceOfApproval(approvalId);
      const actor = await callers.admit(request, { action: 'approval.read', resource });
      return { schemaVersion: 1, approval: await approvals.admitted.show(approvalId, actor) } as const;
    },
  }),
  route({
    method: 'POST',
    path: '/approvals/{approvalId}/decisions',
    operationId: 'decideApproval',
    summary: 'Approves or denies; the answer comes after the decision is written',
    shown: 'who-signs',
    params: ONE,
    query: NONE,
    body: DECISION_BODY,
    answer: z.object({ ...VERSIONED, ...DECISION_ANSWER.shape }),
    refusals: [
      'APPROVAL_NOT_FOUND',
      'APPROVAL_REFUSED',
      'APPROVAL_UNANSWERED',
      'NOT_AUTHENTICATED',
      'NOT_AUTHORISED',
      'DATABASE_UNREACHABLE',
      'TEMPORAL_UNREACHABLE',
      'LEDGER_CLOSED',
    ],
    async run({ gate }, { body: decision, params: { approvalId }, request }) {
      const { approvals, callers } = await gate();
      if (!isSigned(request)) {
        // Of a token too: it says who comes, not what is wanted, and a workflow keeps what it is given.
        const problem = 'a decision is signed, everywhere: show a statement, or decide by a link or the command line';
        throw await callers.refuse({ action: 'approval.decide', resource: resourceOfApproval(approvalId) }, problem);
      }
      const answer = await approvals.decide({ approvalId, ...decision, claim: statementOf(request) });
      return { schemaVersion: 1, ...answer } as const;
    },
  }),
];

function isSigned({ headers }: FastifyRequest): boolean {
  return (headers.authorization ?? '').toLowerCase().startsWith(SCHEME);
}

/** @throws NOT_AUTHENTICATED for what cannot be a statement */
function statementOf({ headers }: FastifyRequest): Claim {
  const statement = parse((headers.authorization ?? '').slice(SCHEME.length));
  const problem = problemOfForm(statement);
  if (problem !== null)
    throw new MlopsError('NOT_AUTHENTICATED', { action: 'Request', problem: `its statement is not valid: ${problem}` });
  const signed = statement as SignedStatement;
  return { actor: signed.statement.principal, statement: signed };
}

function parse(encoded: string): unknown {
  try {
    return JSON.parse(Buffer.from(encoded.trim(), 'base64url').toString());
  } catch {
    return null;
  }
}
