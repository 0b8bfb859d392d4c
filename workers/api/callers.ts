import type { FastifyRequest } from 'fastify';
import { draftOfRefusal } from '../../domain/governance/access-drafts.ts';
import { MlopsError } from '../../domain/errors.ts';
import type { EventActor } from '../../domain/governance/event-draft.ts';
import type { EvidenceParts } from '../../adapters/postgres/rollout-store.ts';

/** Port: whose token it is. */
export interface TokenVerifier {
  /** The principal's id; null for a token that is not valid. It may throw what it cannot reach. */
  verify(token: string): Promise<{ readonly principal: string } | null>;
}

/** Nobody has a token, as long as nothing is there that could tell. */
export const NO_TOKENS: TokenVerifier = { verify: async () => await Promise.resolve(null) };

/** Tells who calls over HTTP. */
export interface Callers {
  /** @throws NOT_AUTHENTICATED, DATABASE_UNREACHABLE */
  authenticate(request: FastifyRequest, action: string): Promise<EventActor>;
}

interface Parts {
  readonly evidence: EvidenceParts;
  readonly tokens: TokenVerifier;
  /** Whether who calls from this machine may show nothing: never in production. */
  readonly trustsLoopback: boolean;
}

/** Nobody is known to have asked. */
const NOBODY: EventActor = { id: 'unknown:unauthenticated', kind: 'service', authentication: 'none' };

/** Callers by their bearer token; who calls from this machine and shows none is `local`, outside production. */
export function createCallers({ evidence, tokens, trustsLoopback }: Parts): Callers {
  const problemOrActor = async (request: FastifyRequest): Promise<string | EventActor> => {
    const given = request.headers.authorization ?? '';
    if (given === '') {
      const problem = trustsLoopback ? problemOfLoopback(request) : 'in production every call needs a token';
      return problem ?? (await evidence.principals.loopback());
    }
    const [, token] = /^Bearer +(\S+)$/i.exec(given) ?? [];
    if (token === undefined) return 'its authorization is no bearer token';
    const known = await tokens.verify(token);
    return known === null ? 'its token is not valid' : await evidence.principals.actor(known.principal);
  };
  return {
    async authenticate(request, action) {
      const found = await problemOrActor(request);
      if (typeof found !== 'string') return found;
      const error = new MlopsError('NOT_AUTHENTICATED', { action, problem: found });
      const refused = { action, resource: 'api', code: error.code, problem: error.message };
      await evidence.ledger.append(draftOfRefusal(refused, NOBODY));
      throw error;
    },
  };
}

const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/;
const LOCAL_HOST = /^(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$/i;

/** Why a call without a token is not one of this machine, in words; null when it is. */
function problemOfLoopback({ headers, socket }: FastifyRequest): string | null {
  const wanted = 'and shows no token: set MLFLOW_TRACKING_TOKEN';
  if (!LOOPBACK.test(socket.remoteAddress ?? '')) return `it comes from another machine ${wanted}`;
  // A proxy on this machine speaks for others.
  const isForwarded = headers['x-forwarded-for'] !== undefined || headers['forwarded'] !== undefined;
  if (isForwarded) return `it was forwarded ${wanted}`;
  // A page from elsewhere whose name was made to mean this machine.
  return LOCAL_HOST.test(headers.host ?? '') ? null : `it was sent to ${headers.host ?? 'no host'} ${wanted}`;
}
