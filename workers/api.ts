import type { Pool } from 'pg';
import fastify, { type FastifyInstance } from 'fastify';
import type { Client, Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import { newestCheckpoint } from '../adapters/postgres/ledger/sign-checkpoint.ts';
import { openPool } from '../adapters/postgres/pool.ts';
import { renderRolloutMetrics } from '../adapters/postgres/rollout-metrics.ts';
import { connectTemporal } from '../adapters/temporal/connect.ts';
import { createPayloadCodec } from '../adapters/temporal/codec.ts';
import { loadPayloadKeys } from '../adapters/temporal/keys.ts';
import type { MlopsConfig } from '../config/schema.ts';
import { MlopsError } from '../domain/errors.ts';
import { isOfLink, registerApprovalLinks } from './api/approval-links.ts';
import { rememberSources, sourceOfCall } from './act-source.ts';
import { createCallers } from './api/callers.ts';
import { linkSiteOf } from './api/link-site.ts';
import { registerMlflow } from './api/mlflow.ts';
import { refuseForeignHosts } from './api/own-hosts.ts';
import type { ApprovalGate } from './api/v1/approval-gate.ts';
import { refusalOf } from './api/v1/refusal.ts';
import { ROUTES } from './api/v1/routes.ts';
import { serveRoutes } from './api/v1/serve.ts';
import { composeApprovals } from './approvals.ts';
import { composeAuthority } from './authority.ts';
import { composeEvidence, readVerifierKeys } from './ledger.ts';
import { listenOn } from './listen.ts';
import { openMlflow } from './mlflow.ts';
import { onceOpened } from '../domain/once-opened.ts';
import { nameRequest, rememberRequests } from './request-id.ts';
import { untilToldToStop } from './stop-signal.ts';

const { Payload } = proto.temporal.api.common.v1;

interface WirePayloads {
  readonly payloads?: readonly { readonly metadata?: Record<string, string>; readonly data?: string }[];
}

/**
 * The API: health, readiness, metrics of rollouts, approvals, the registry in the MLflow protocol, and the codec that lets the
 * Temporal Web UI show encrypted payloads.
 */
export async function createApi(config: MlopsConfig): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    genReqId: nameRequest,
    forceCloseConnections: true,
    trustProxy: [...config.trustedProxies],
  });
  const codec = createPayloadCodec(await loadPayloadKeys(config.stateDirectory));
  const pool = openPool(config, 8, ['mlops_api']);
  const ui = `http://127.0.0.1:${config.ports.temporalUi}`;
  const site = linkSiteOf(config);
  const engine = createConnector(config);
  const gate = onceOpened(async () => await openApprovals(config, pool, engine.connect));
  const approvals = async () => (await gate()).approvals;
  app.addHook('onClose', async () => {
    await engine.close();
    await pool.end();
  });
  rememberSources(app);
  rememberRequests(app);
  refuseForeignHosts(app, config);
  app.addHook('onRequest', async (request, reply) => {
    const origin = request.headers.origin;
    // The page of a link is ours, and looks after itself.
    if (isOfLink(request) && (origin === undefined || site.isOrigin(origin))) return undefined;
    // Only the Web UI of this stack may read decrypted payloads from a browser.
    if (origin !== undefined && origin !== ui && origin !== ui.replace('127.0.0.1', 'localhost'))
      return await reply.status(403).send(refusalOf(new MlopsError('ORIGIN_NOT_ALLOWED', { origin })));
    if (origin !== undefined)
      reply.headers({
        'access-control-allow-origin': origin,
        'access-control-allow-headers': 'content-type,x-namespace',
        'access-control-allow-methods': 'POST,OPTIONS',
        vary: 'origin',
      });
    return request.method === 'OPTIONS' ? await reply.status(204).send() : undefined;
  });
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const ready = await pool.query('SELECT 1').then(
      () => true,
      () => false,
    );
    return await reply.status(ready ? 200 : 503).send({ status: ready ? 'ok' : 'database is away' });
  });
  app.get('/metrics', async (_request, reply) => {
    const text = await renderRolloutMetrics(pool, config.environment);
    return await reply.type('text/plain; version=0.0.4; charset=utf-8').send(text);
  });
  serveRoutes(app, ROUTES, {
    gate,
    verifierKeys: async () => await readVerifierKeys(config),
    newestNote: async () => (await newestCheckpoint(pool))?.note ?? null,
  });
  registerApprovalLinks(app, approvals, site);
  registerMlflow(app, openMlflow(config, pool, engine.connect));
  app.post('/codec/encode', async ({ body }) => toWire(await codec.encode(fromWire(body as WirePayloads))));
  app.post('/codec/decode', async ({ body }) => toWire(await codec.decode(fromWire(body as WirePayloads))));
  return app;
}

/** Approvals, and who reads them: by a token, or outside production by being on this machine. */
async function openApprovals(config: MlopsConfig, pool: Pool, connect: () => Promise<Client>): Promise<ApprovalGate> {
  const evidence = await composeEvidence(config, pool, sourceOfCall);
  const callers = createCallers({
    evidence,
    authority: composeAuthority(config, evidence),
    trustsLoopback: config.environment !== 'production',
    advice: 'show a signed statement, or a token',
  });
  return { approvals: composeApprovals(config, { evidence, connect }), callers };
}

/** Connects to the engine when it is first needed, once for all of the API. */
function createConnector(config: MlopsConfig) {
  let connected: Connection | null = null;
  const connect = onceOpened(async () => {
    const client = await connectTemporal(config);
    connected = client.connection;
    return client;
  });
  return { connect, close: async () => await connected?.close() };
}

/** `mlops api`: runs until it is told to stop. */
export async function runApi(config: MlopsConfig): Promise<void> {
  const app = await createApi(config);
  const { api: port } = config.ports;
  await listenOn('the API', port, async () => await app.listen({ host: '127.0.0.1', port }));
  process.stderr.write(`api: http://127.0.0.1:${port}\n`);
  await untilToldToStop();
  await app.close();
}

function fromWire({ payloads = [] }: WirePayloads) {
  return payloads.map((payload) => Payload.fromObject(payload));
}

function toWire(payloads: proto.temporal.api.common.v1.IPayload[]): { payloads: unknown[] } {
  return { payloads: payloads.map((payload) => Payload.toObject(Payload.create(payload), { bytes: String })) };
}
