import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { checkInput } from '../../../config/check-input.ts';
import { isForCallers, MlopsError } from '../../../domain/errors.ts';
import { tellFailure } from '../tell-failure.ts';
import { refusalOf, statusOf, UNEXPECTED } from './refusal.ts';
import { answersText, type ApiParts, type ApiRoute } from './route.ts';

const PREFIX = '/api/v1';
const TEXT = 'text/plain; charset=utf-8';

/** Serves routes, and refuses everything else under their prefix, in one form. */
export function serveRoutes(app: FastifyInstance, routes: readonly ApiRoute[], parts: ApiParts): void {
  void app.register(
    async (scope) => {
      await Promise.resolve();
      scope.setErrorHandler(async (error, _request, reply) => await refuse(error, reply));
      scope.setNotFoundHandler(async ({ method, url }, reply) => {
        const path = url.replace(/\?.*/, '');
        return await refuse(new MlopsError('ROUTE_NOT_FOUND', { method, path }), reply);
      });
      for (const route of routes)
        scope.route({
          method: route.method,
          url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
          handler: async (request, reply) => await answer(route, parts, request, reply),
        });
    },
    { prefix: PREFIX },
  );
}

async function answer(route: ApiRoute, parts: ApiParts, request: FastifyRequest, reply: FastifyReply) {
  const call = {
    params: read('path', route.params, request.params),
    query: read('query', route.query, request.query),
    body: route.body === null ? undefined : read('body', route.body, request.body ?? {}),
    request,
  };
  const answered = await route.run(parts, call);
  if (answersText(route)) return await reply.type(TEXT).send(answered);
  return await reply.header('cache-control', 'no-store').send(answered);
}

/** @throws USAGE_INVALID with everything that is wrong with a part of a call */
function read<T>(part: string, schema: z.ZodType<T>, given: unknown): T {
  const checked = checkInput(schema, given);
  if ('value' in checked) return checked.value;
  throw notUnderstood(`The ${part} of the call is not valid: ${checked.problems}`);
}

async function refuse(error: unknown, reply: FastifyReply): Promise<FastifyReply> {
  void reply.header('cache-control', 'no-store');
  if (isForCallers(error)) return await reply.status(statusOf(error.code)).send(refusalOf(error));
  const { message, statusCode = 500 } = error as { readonly statusCode?: number; readonly message: string };
  // Of HTTP itself: a body that is no JSON, or too large.
  if (statusCode >= 400 && statusCode < 500) {
    return await reply.status(statusCode).send(refusalOf(notUnderstood(`The call cannot be read: ${message}`)));
  }
  tellFailure(error);
  return await reply.status(500).send(UNEXPECTED);
}

function notUnderstood(problem: string): MlopsError {
  return new MlopsError('USAGE_INVALID', { problem, hint: `GET ${PREFIX}/openapi.json says what every call takes` });
}
