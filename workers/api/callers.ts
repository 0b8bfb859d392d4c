import type { FastifyRequest } from 'fastify';
import type { Authority } from '../../adapters/postgres/identity/authority.ts';
import type { EvidenceParts } from '../../adapters/postgres/rollout-store.ts';
import { MlopsError } from '../../domain/errors.ts';
import { draftOfRefusal } from '../../domain/governance/access-drafts.ts';
import type { EventActor } from '../../domain/governance/event-draft.ts';
import type { AskedFor } from '../../domain/governance/statement.ts';
import { isLoopback } from '../act-source.ts';

/** Tells who calls over HTTP without a signature, and whether they may. */
export interface Callers {
  /** A refusal is an event. @throws NOT_AUTHENTICATED, NOT_AUTHORISED, TOKEN_ISSUER_UNREACHABLE, DATABASE_UNREACHABLE */
  admit(request: FastifyRequest, asked: Asked): Promise<EventActor>;
  /** Writes down that nobody who is known asked, and returns the error. @throws DATABASE_UNREACHABLE */
  refuse(asked: Asked, problem: string): Promise<MlopsError>;
}

type Asked = Pick<AskedFor, 'action' | 'resource'>;

interface Parts {
  readonly evidence: EvidenceParts;
  readonly authority: Authority;
  /** Whether who calls from this machine may show nothing: never in production. */
  readonly trustsLoopback: boolean;
  /** What who shows nothing is told to do. */
  readonly advice: string;
}

/** Nobody is known to have asked. */
const NOBODY: EventActor = { id: 'unknown:unauthenticated', kind: 'service', authentication: 'none' };

/** Callers by their bearer token; who calls from this machine and shows none is `local`, outside production. */
export function createCallers({ advice, authority, evidence, trustsLoopback }: Parts): Callers {
  const refuse: Callers['refuse'] = async (asked, problem) => {
    const error = new MlopsError('NOT_AUTHENTICATED', { action: asked.action, problem });
    await evidence.ledger.append(draftOfRefusal({ ...asked, code: error.code, problem: error.message }, NOBODY));
    return error;
  };
  return {
    refuse,
    async admit(request, asked) {
      const given = request.headers.authorization ?? '';
      const [, token] = /^Bearer +(\S+)$/i.exec(given) ?? [];
      if (token !== undefined) return await authority.authorise({ actor: 'token', token }, asked);
      const problem =
        given === '' ? problemOfBare(request, { advice, trustsLoopback }) : 'its authorization is no bearer token';
      if (problem === null) {
        const actor = await evidence.principals.loopback();
        await authority.permit(actor, asked);
        return actor;
      }
      throw await refuse(asked, problem);
    },
  };
}

const LOCAL_HOST = /^(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$/i;

/** Why a call without a token is not taken for one of this machine, in words; null when it is. */
function problemOfBare(
  { headers, socket }: FastifyRequest,
  { advice, trustsLoopback }: Pick<Parts, 'advice' | 'trustsLoopback'>,
): string | null {
  if (!trustsLoopback) return `in production every call must show who calls: ${advice}`;
  const wanted = `and does not show who calls: ${advice}`;
  if (!isLoopback(socket.remoteAddress)) return `it comes from another machine ${wanted}`;
  // A proxy on this machine speaks for others.
  const isForwarded = headers['x-forwarded-for'] !== undefined || headers['forwarded'] !== undefined;
  if (isForwarded) return `it was forwarded ${wanted}`;
  // A page from elsewhere whose name was made to mean this machine.
  return LOCAL_HOST.test(headers.host ?? '') ? null : `it was sent to ${headers.host ?? 'no host'} ${wanted}`;
}
