// One release of the retrieval service: `node server.ts --release 1.1.0 [--port 0]`. Prints its address when it answers.
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { parseArgs } from 'node:util';
import { createCpuGauge } from './cpu-gauge.ts';
import { createFault } from './faults.ts';
import { loadIndex, type SearchIndex } from './load-index.ts';
import { createServiceMetrics, type ServiceMetrics } from './metrics.ts';
import { findRelease, type Release } from './releases.ts';
import { createRetriever, type Hit } from './retrieve.ts';

const MEMORY_LIMIT_BYTES = 1024 * 1024 * 1024;
const CPU_LIMIT_CORES = 1;
const LARGEST_K = 100;
const QUERY_SCHEMA = {
  type: 'object',
  required: ['query'],
  additionalProperties: false,
  properties: {
    query: { type: 'string', minLength: 1, maxLength: 10_000 },
    k: { type: 'integer', minimum: 1, maximum: LARGEST_K, default: 5 },
  },
};

const { values } = parseArgs({
  options: { release: { type: 'string', default: '1.0.0' }, port: { type: 'string', default: '0' } },
});
const release = findRelease(values.release);
const server = assembleServer(release, await loadIndex());
const address = await server.listen({ host: '127.0.0.1', port: Number(values.port) });
process.once('SIGTERM', () => void server.close().then(() => process.exit(0)));
process.stdout.write(`${JSON.stringify({ address, release: release.version, pid: process.pid })}\n`);

function assembleServer(served: Release, index: SearchIndex): FastifyInstance {
  const app = fastify({ forceCloseConnections: true });
  const retrieve = createRetriever(index, served);
  // As an out-of-memory kill does: at once, with requests in flight.
  const troubleOf = createFault(served.fault, () => process.kill(process.pid, 'SIGKILL'));
  const metrics = createServiceMetrics(served.version);
  const cpuCores = createCpuGauge();
  app.get('/healthz', () => ({
    status: 'ok',
    version: served.version,
    indexVersion: index.version,
    embeddingVersion: served.retrieval === 'hybrid' ? `signs-${served.querySeed}` : 'none',
    memoryBytes: process.memoryUsage.rss(),
    memoryLimitBytes: MEMORY_LIMIT_BYTES,
    cpuCores: cpuCores(),
    cpuLimitCores: CPU_LIMIT_CORES,
  }));
  app.get('/metrics', (_, reply) => reply.type('text/plain; version=0.0.4').send(metrics.render()));
  app.post('/query', { schema: { body: QUERY_SCHEMA } }, async (request, reply) => {
    const started = performance.now();
    const { query, k } = request.body as { query: string; k: number };
    const trouble = troubleOf(String(request.headers['x-user-id'] ?? ''));
    if (trouble.waitMs > 0) await new Promise((resolve) => setTimeout(resolve, trouble.waitMs));
    if (trouble.fails) return await sendFailure(reply, metrics, started);
    const results = retrieve(query, k);
    metrics.observe(200, performance.now() - started);
    if (request.headers.accept?.includes('text/event-stream')) return sendEvents(reply, served.version, results);
    return await reply.send({ version: served.version, results });
  });
  return app;
}

async function sendFailure(reply: FastifyReply, metrics: ServiceMetrics, started: number): Promise<FastifyReply> {
  metrics.observe(500, performance.now() - started);
  return await reply.code(500).send({ error: 'retrieval failed' });
}

/** One event per document as it is ranked, then `done`. */
function sendEvents(reply: FastifyReply, version: string, results: readonly Hit[]): FastifyReply {
  reply.hijack();
  reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  for (const result of results) reply.raw.write(`event: result\ndata: ${JSON.stringify(result)}\n\n`);
  reply.raw.end(`event: done\ndata: ${JSON.stringify({ version, count: results.length })}\n\n`);
  return reply;
}
