// A small model service for tests: `node model-service.ts VERSION [ERROR_SHARE] [DELAY_MS]`. Prints its address when it answers.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const [version = '1.0.0', errorShare = '0', delayMs = '0'] = process.argv.slice(2);
let served = 0;

const server = createServer((request, response) => {
  if (request.url === '/healthz') {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ status: 'ok', version }));
    return;
  }
  served += 1;
  // Spread evenly instead of by chance: the same share in every run.
  const fails = Math.floor(served * Number(errorShare)) > Math.floor((served - 1) * Number(errorShare));
  setTimeout(() => {
    response
      .writeHead(fails ? 500 : 200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ version, ids: ['a', 'b'] }));
  }, Number(delayMs));
});

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ address: `http://127.0.0.1:${port}` })}\n`);
});
process.once('SIGTERM', () => process.exit(0));
