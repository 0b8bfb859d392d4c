import type { FastifyInstance, FastifyRequest } from 'fastify';
import { sampleRegistryRead } from '../../adapters/postgres/registry/find.ts';
import type { MlflowParts } from '../../adapters/postgres/registry/mlflow/parts.ts';
import { identityOf } from '../../adapters/postgres/ledger/open-ledger.ts';
import { isForCallers, isMlopsError } from '../../domain/errors.ts';
import { draftOfRefusal } from '../../domain/governance/access-drafts.ts';
import type { EventActor } from '../../domain/governance/event-draft.ts';
import type { Fields } from '../../domain/registry/mlflow/fields.ts';
import { answerOf, refusal } from '../../domain/registry/mlflow/refusal.ts';
import { resourceOfAsked } from '../../domain/registry/resource-names.ts';
import { LEDGER_HEADER } from '../../domain/registry/mlflow/version-source.ts';
import { onceOpened } from '../../domain/once-opened.ts';
import type { Callers } from './callers.ts';
import type { MlflowCall, ServedParts } from './mlflow/call.ts';
import { MODEL_CALLS } from './mlflow/model-calls.ts';
import { VERSION_CALLS } from './mlflow/version-calls.ts';
import { WEBHOOK_CALLS } from './mlflow/webhook-calls.ts';
import { tellFailure } from './tell-failure.ts';

/** What calls of the protocol need: who calls and may, and the registry. */
export interface MlflowGate {
  readonly callers: Callers;
  readonly parts: ServedParts;
}

const PREFIXES = ['/api/2.0/mlflow', '/ajax-api/2.0/mlflow'];
/** A tag may have 100,000 characters, and a version several such. */
const LARGEST_BODY = 8_000_000;

/** The registry in the MLflow protocol: an unmodified MlflowClient can be pointed at it. */
export function registerMlflow(app: FastifyInstance, gate: () => Promise<MlflowGate>): void {
  const ledger = onceOpened(async () => await identityOf((await gate()).parts.pool));
  for (const prefix of PREFIXES)
    void app.register(
      async (scope) => {
        await Promise.resolve();
        scope.removeAllContentTypeParsers();
        scope.addContentTypeParser('*', { parseAs: 'string', bodyLimit: LARGEST_BODY }, (_request, body, done) => {
          done(null, parseBody(String(body)));
        });
        scope.setErrorHandler(async (error, _request, reply) => {
          const { body, status } = isForCallers(error) ? answerOf(error) : answerOfOther(error);
          return await reply.status(status).send(body);
        });
        scope.setNotFoundHandler(async (request) => {
          await Promise.resolve();
          throw refusal(
            'ENDPOINT_NOT_FOUND',
            `No API found for ${request.method} '${request.url.replace(/\?.*/, '')}'`,
          );
        });
        for (const call of [...MODEL_CALLS, ...VERSION_CALLS, ...WEBHOOK_CALLS])
          for (const method of call.methods)
            scope.route({
              method,
              url: call.path,
              handler: async (request, reply) => {
                const answer = await answerCall(await gate(), call, request);
                void reply.header(LEDGER_HEADER, await ledger());
                return answer;
              },
            });
      },
      { prefix },
    );
}

async function answerCall(gate: MlflowGate, call: MlflowCall, request: FastifyRequest): Promise<object> {
  const { callers, parts } = gate;
  const fields = fieldsOf(request);
  const action = typeof call.action === 'string' ? call.action : call.action(fields);
  const resource = call.resource?.(fields) ?? resourceOfAsked(fields['name']);
  const actor = await callers.admit(request, { action, resource });
  if (action === 'model.read') await sampleRegistryRead(parts, resource, { verb: call.path }, actor.id);
  return await refusalsRecorded(parts, { action, resource, actor }, async () => await call.run(parts, fields, actor));
}

/** What is refused for an approval or a use that is left is an event, like every refusal. */
async function refusalsRecorded<T>(
  { ledger }: MlflowParts,
  { action, actor, resource }: { readonly action: string; readonly resource: string; readonly actor: EventActor },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isMlopsError(error, 'MLFLOW_REFUSED') && error.details['errorCode'] === 'PERMISSION_DENIED')
      await ledger.append(draftOfRefusal({ action, resource, code: error.code, problem: error.message }, actor));
    throw error;
  }
}

/** What the path says counts before anything else. */
function fieldsOf({ body, method, params, query }: FastifyRequest): Fields {
  const given = method === 'GET' ? query : (body ?? query);
  if (typeof given === 'object' && given !== null && !Array.isArray(given))
    return { ...(given as Fields), ...(params as Fields) };
  throw refusal('INVALID_PARAMETER_VALUE', 'Invalid request: wanted a JSON object');
}

/** A list for what is no JSON: no call takes one. */
function parseBody(text: string): unknown {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    return [];
  }
}

/** Errors of HTTP itself, such as a body that is too large, a path that cannot be read; and what nobody foresaw. */
function answerOfOther(error: unknown) {
  const { message, statusCode } = error as { statusCode?: number; message: string };
  const isClients = statusCode !== undefined && statusCode >= 400 && statusCode < 500;
  if (isClients) return answerOf(refusal('INVALID_PARAMETER_VALUE', message));
  tellFailure(error);
  return answerOf(error);
}
