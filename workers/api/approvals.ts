import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isMlopsError, MlopsError } from '../../domain/errors.ts';
import { problemOfForm, type Claim, type SignedStatement } from '../../domain/governance/statement.ts';
import { MAX_LISTED, type composeApprovals } from '../approvals.ts';

type Approvals = ReturnType<typeof composeApprovals>;

/** Who comes without a statement, where that is allowed: everybody on this machine, outside production. */
const LOCAL = 'local';
const SCHEME = 'mlops-statement ';
const BEARER = 'bearer ';

/** Approvals for programs. Who asks shows a signed statement: `authorization: Mlops-Statement <base64url of its JSON>`. */
export function registerApprovals(app: FastifyInstance, approvals: () => Promise<Approvals>): void {
  app.get('/api/v1/approvals', async (request, reply) => {
    const all = (request.query as { all?: string }).all === 'true';
    return await answer(reply, async () => ({
      approvals: await (await approvals()).list({ all, limit: MAX_LISTED }, claimOf(request)),
    }));
  });
  app.get('/api/v1/approvals/:approvalId', async (request, reply) => {
    const { approvalId } = request.params as { approvalId: string };
    return await answer(reply, async () => ({
      approval: await (await approvals()).show(approvalId, claimOf(request)),
    }));
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
      const claim = claimOf(request);
      if (claim.token !== undefined) throw mustSign();
      return await (await approvals()).decide({ approvalId, verdict, reason, seen, claim });
    });
  });
}

/** A decision goes to a workflow, which keeps what it is given: no token may go there. */
function mustSign(): MlopsError {
  const problem = 'a decision must be signed: a token says who comes, not what is wanted';
  return new MlopsError('NOT_AUTHENTICATED', { action: 'approval.decide', problem });
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

/** @throws NOT_AUTHENTICATED for what cannot be a statement */
function claimOf({ headers }: FastifyRequest): Claim {
  const given = headers.authorization ?? '';
  if (given === '') return { actor: LOCAL };
  if (given.toLowerCase().startsWith(BEARER)) return { actor: 'token', token: given.slice(BEARER.length).trim() };
  const statement = given.toLowerCase().startsWith(SCHEME) ? parse(given.slice(SCHEME.length)) : null;
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
