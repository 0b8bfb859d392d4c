import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isMlopsError, MlopsError } from '../../domain/errors.ts';
import { problemOfForm, type Claim, type SignedStatement } from '../../domain/governance/statement.ts';
import { resourceOfApproval } from '../../domain/registry/approval/request.ts';
import { APPROVALS, MAX_LISTED, type composeApprovals } from '../approvals.ts';
import type { Callers } from './callers.ts';

type Approvals = ReturnType<typeof composeApprovals>;

/** Approvals, and who reads them without a signature. */
export interface ApprovalGate {
  readonly approvals: Approvals;
  readonly callers: Callers;
}

const SCHEME = 'mlops-statement ';

/**
 * Approvals for programs. Who asks shows a signed statement: `authorization: Mlops-Statement <base64url of its JSON>`. To read a token is
 * enough, and on this machine outside production nothing; what is decided is signed everywhere.
 */
export function registerApprovals(app: FastifyInstance, gate: () => Promise<ApprovalGate>): void {
  app.get('/api/v1/approvals', async (request, reply) => {
    const asked = { all: (request.query as { all?: string }).all === 'true', limit: MAX_LISTED };
    return await answer(reply, async () => {
      const { approvals, callers } = await gate();
      if (isSigned(request)) return { approvals: await approvals.list(asked, statementOf(request)) };
      const actor = await callers.admit(request, { action: 'approval.read', resource: APPROVALS });
      return { approvals: await approvals.admitted.list(asked, actor) };
    });
  });
  app.get('/api/v1/approvals/:approvalId', async (request, reply) => {
    const { approvalId } = request.params as { approvalId: string };
    return await answer(reply, async () => {
      const { approvals, callers } = await gate();
      if (isSigned(request)) return { approval: await approvals.show(approvalId, statementOf(request)) };
      const resource = resourceOfApproval(approvalId);
      const actor = await callers.admit(request, { action: 'approval.read', resource });
      return { approval: await approvals.admitted.show(approvalId, actor) };
    });
  });
  app.post('/api/v1/approvals/:approvalId/decisions', async (request, reply) => {
    const { approvalId } = request.params as { approvalId: string };
    return await answer(reply, async () => {
      const { reason = '', seen, verdict } = (request.body ?? {}) as Record<string, unknown>;
      if ((verdict !== 'approve' && verdict !== 'deny') || typeof reason !== 'string' || typeof seen !== 'string')
        throw new MlopsError('USAGE_INVALID', {
          problem:
            'Decision is not understood: wanted {"verdict": "approve" or "deny", "seen": "<content digest>", "reason": "..."}',
          hint: `Read the content digest from GET /api/v1/approvals/${approvalId}`,
        });
      const { approvals, callers } = await gate();
      if (!isSigned(request)) {
        // Of a token too: it says who comes, not what is wanted, and a workflow keeps what it is given.
        const problem = 'a decision is signed, everywhere: show a statement, or decide by a link or the command line';
        throw await callers.refuse({ action: 'approval.decide', resource: resourceOfApproval(approvalId) }, problem);
      }
      return await approvals.decide({ approvalId, verdict, reason, seen, claim: statementOf(request) });
    });
  });
}

/** HTTP statuses of exit codes (contract §2). */
const STATUS: Readonly<Record<number, number>> = { 2: 400, 3: 409, 4: 403, 6: 409 };

async function answer(reply: FastifyReply, work: () => Promise<object>): Promise<FastifyReply> {
  void reply.header('cache-control', 'no-store');
  try {
    return await reply.send({ schemaVersion: 1, ...(await work()) });
  } catch (error) {
    if (!isMlopsError(error)) throw error;
    const { code, details, exitCode, message, remedy, retryable } = error;
    const status = code === 'NOT_AUTHENTICATED' ? 401 : code === 'APPROVAL_NOT_FOUND' ? 404 : (STATUS[exitCode] ?? 503);
    return await reply.status(status).send({ schemaVersion: 1, error: { code, message, remedy, retryable, details } });
  }
}

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
