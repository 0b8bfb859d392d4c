// A small model service for tests: `node model-service.ts VERSION [ERROR_SHARE] [DELAY_MS]`. Prints its address when it answers.
// POST /control {"errorShare": 0.1} changes how it behaves; GET /control tells what it has served.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import type { AddressInfo } from 'node:net';
import type { ServiceBehaviour } from './stack.ts';

const [version = '1.0.0', errorShare = '0', delayMs = '0'] = process.argv.slice(2);
const behaviour: ServiceBehaviour = {
  errorShare: Number(errorShare),
  delayMs: Number(delayMs),
  status: 'ok',
  memoryBytes: 100,
  memoryLimitBytes: 1000,
  cpuCores: 0.2,
  cpuLimitCores: 2,
  ids: ['a', 'b'],
  redirectTo: null,
  isRedirectedOnlyThroughGateway: false,
  healthDelayMs: 0,
};
const served = { requests: 0, mirrored: 0 };

const server = createServer((request, response) => {
  if (request.url === '/healthz') setTimeout(answerHealth, behaviour.healthDelayMs, request, response);
  else if (request.url === '/control') void control(request, response);
  else answer(request, response);
});

function answerHealth(request: IncomingMessage, response: ServerResponse): void {
  const { status, memoryBytes, memoryLimitBytes, cpuCores, cpuLimitCores, redirectTo } = behaviour;
  // Who asks the service itself does not name a model.
  const isMet = !behaviour.isRedirectedOnlyThroughGateway || request.headers['x-mlops-model'] !== undefined;
  if (redirectTo !== null && isMet) response.writeHead(302, { location: redirectTo }).end();
  else answerJson(response, 200, { status, version, memoryBytes, memoryLimitBytes, cpuCores, cpuLimitCores });
}

async function control(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'POST') Object.assign(behaviour, await json(request));
  answerJson(response, 200, { ...behaviour, ...served });
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  served.requests += 1;
  if (request.headers['x-mlops-mirror'] !== undefined) served.mirrored += 1;
  // Spread evenly instead of by chance: the same share in every run.
  const due = (count: number): number => Math.floor(count * behaviour.errorShare);
  const fails = due(served.requests) > due(served.requests - 1);
  setTimeout(() => {
    answerJson(response, fails ? 500 : 200, { version, ids: behaviour.ids });
  }, behaviour.delayMs);
}

function answerJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ address: `http://127.0.0.1:${port}` })}\n`);
});
process.once('SIGTERM', () => process.exit(0));
