import type { FastifyInstance } from 'fastify';
import type { MlopsConfig } from '../../config/schema.ts';
import { assertAllowedHost } from '../../domain/allowed-host.ts';
import { isMlopsError } from '../../domain/errors.ts';
import { isOfLink } from './approval-links.ts';
import { refusalOf } from './v1/refusal.ts';

/**
 * Answers nothing that was sent to a name which merely leads here. Pages of links know their one host, and refuse the others themselves.
 * The refusal is said in our words and in those of the MLflow protocol, whoever asks.
 */
export function refuseForeignHosts(app: FastifyInstance, config: Pick<MlopsConfig, 'deployment' | 'governance'>): void {
  const names = namesOf(config);
  app.addHook('onRequest', async (request, reply) => {
    if (isOfLink(request)) return undefined;
    try {
      assertAllowedHost(request.headers.host, names);
      return undefined;
    } catch (error) {
      if (!isMlopsError(error)) throw error;
      const { message, remedy } = error;
      const told = { ...refusalOf(error), error_code: 'PERMISSION_DENIED', message: `${message}. ${remedy}` };
      return await reply.status(403).send(told);
    }
  });
}

/** Names that configuration says are ours: listed, or where links lead. */
function namesOf({ deployment, governance }: Pick<MlopsConfig, 'deployment' | 'governance'>): readonly string[] {
  const { linkBaseUrl } = governance;
  return [...deployment.allowedHosts, ...(linkBaseUrl === null ? [] : [new URL(linkBaseUrl).hostname])];
}
