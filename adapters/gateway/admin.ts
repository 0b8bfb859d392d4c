import { timingSafeEqual } from 'node:crypto';
import fastify, { type FastifyInstance } from 'fastify';
import { z } from 'zod';
import { assertAllowedHost } from '../../domain/allowed-host.ts';
import { isMlopsError, MlopsError } from '../../domain/errors.ts';
import type { Forgotten } from '../../domain/governance/custody-drafts.ts';
import { isAllowedEndpoint } from '../../domain/rollout/endpoint.ts';
import type { TrafficWrite } from '../../domain/rollout/split.ts';
import type { Counters } from './counters.ts';
import type { SplitStore } from './split-store.ts';

const points = z.number().int().min(0).max(10_000);

/** Status codes of refusals. */
const STATUS: Readonly<Record<string, number>> = {
  TRAFFIC_STALE_GENERATION: 409,
  TRAFFIC_GENERATION_CONFLICT: 409,
  GATEWAY_STATE_UNWRITABLE: 507,
  GATEWAY_REQUEST_INVALID: 400,
  ENDPOINT_NOT_ALLOWED: 400,
  HOST_NOT_ALLOWED: 403,
};

/**
 * The administration of a gateway: splits, snapshots, health. For loopback, behind a token.
 *
 * @param parts.hosts names under which it is called, beside localhost and addresses; null: it listens where others reach it, by any name
 */
export function createAdmin(parts: {
  splits: SplitStore;
  counters: Counters;
  token: string;
  allowList: readonly string[];
  hosts: readonly string[] | null;
}): FastifyInstance {
  const { splits, counters, hosts } = parts;
  const app = fastify({ logger: false, forceCloseConnections: true });
  const schema = writeSchema(parts.allowList);
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const code = isMlopsError(error) ? error.code : 'GATEWAY_REQUEST_INVALID';
    const status = isMlopsError(error) ? (STATUS[code] ?? 500) : (error.statusCode ?? 500);
    return reply
      .status(status)
      .send({ error: { code, message: error.message, details: isMlopsError(error) ? error.details : {} } });
  });
  app.addHook('onRequest', async (request, reply) => {
    if (hosts !== null) assertAllowedHost(request.headers.host, hosts);
    if (request.url === '/v1/healthz') return;
    if (!isAuthorised(request.headers.authorization, parts.token))
      await reply
        .status(401)
        .send({ error: { code: 'UNAUTHORISED', message: 'wanted the bearer token of the gateway/token file' } });
  });
  app.get('/v1/healthz', () => ({ status: 'ok', instanceId: counters.instanceId, models: splits.models() }));
  app.get('/v1/splits', () => ({ splits: splits.models().map((model) => splits.get(model)) }));
  app.get<{ Params: { model: string } }>(
    '/v1/splits/:model',
    async ({ params }, reply) => splits.get(params.model) ?? (await unknown(reply, params.model)),
  );
  app.get<{ Params: { model: string } }>('/v1/splits/:model/history', ({ params }) => ({
    writes: splits.history(params.model),
  }));
  app.put<{ Params: { model: string } }>(
    '/v1/splits/:model',
    async ({ params, body }) => await splits.apply(parseWrite(schema, params.model, body)),
  );
  app.put('/v1/forgotten', async ({ body }) => {
    await splits.forget(parseForgotten(body));
    return { forgotten: true };
  });
  app.get<{ Params: { model: string } }>('/v1/snapshot/:model', async ({ params }, reply) => {
    const live = splits.get(params.model);
    return live === null ? await unknown(reply, params.model) : counters.snapshot(live);
  });
  return app;
}

async function unknown(
  reply: { status(code: number): { send(body: unknown): unknown } },
  model: string,
): Promise<unknown> {
  return await Promise.resolve(
    reply.status(404).send({ error: { code: 'MODEL_UNKNOWN', message: `model ${model} has no split` } }),
  );
}

function isAuthorised(header: string | undefined, token: string): boolean {
  const [given, wanted] = [Buffer.from(header ?? ''), Buffer.from(`Bearer ${token}`)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function writeSchema(allowList: readonly string[]) {
  const endpoint = z.string().refine((text) => isAllowedEndpoint(text, allowList), {
    error: `wanted http(s) on one of ${allowList.join(', ')}`,
  });
  const target = z.strictObject({ version: z.string().min(1), endpoint });
  return z
    .object({
      split: z.strictObject({
        model: z.string().min(1),
        stable: target,
        canary: target.nullable(),
        canaryBasisPoints: points,
        mirrorBasisPoints: points,
      }),
      generation: z.number().int().positive(),
      expectedGeneration: z.number().int().min(0).nullable(),
      idempotencyKey: z.string().min(1),
      actor: z.string().min(1),
      reason: z.string(),
    })
    .refine(({ split }) => split.canary !== null || (split.canaryBasisPoints === 0 && split.mirrorBasisPoints === 0), {
      error: 'weights above 0 need a canary',
    });
}

const FORGOTTEN = z.strictObject({ who: z.array(z.string().min(1)).min(1), subject: z.string().min(1) });

function parseForgotten(body: unknown): Forgotten {
  const result = FORGOTTEN.safeParse(body);
  if (result.success) return result.data;
  throw new MlopsError('GATEWAY_REQUEST_INVALID', {
    problem: `${result.error.issues[0]?.path.join('.') ?? 'body'}: ${result.error.issues[0]?.message ?? 'not valid'}`,
  });
}

function parseWrite(schema: ReturnType<typeof writeSchema>, model: string, body: unknown): TrafficWrite {
  const result = schema.safeParse(body);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new MlopsError('GATEWAY_REQUEST_INVALID', {
      problem: `${issue?.path.join('.') ?? 'body'}: ${issue?.message ?? 'not valid'}`,
    });
  }
  if (result.data.split.model !== model)
    throw new MlopsError('GATEWAY_REQUEST_INVALID', {
      problem: `the split is of ${result.data.split.model}, the path names ${model}`,
    });
  return result.data;
}
