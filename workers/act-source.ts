import { AsyncLocalStorage } from 'node:async_hooks';
import { hostname } from 'node:os';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { parseSource, type ActSource } from '../domain/governance/act-source.ts';

/** Tells the ledger where an act comes from; null: from the system itself. */
export type SourceOfAct = () => ActSource | null;

const sources = new AsyncLocalStorage<ActSource>();

/** The source of the call or order that is being worked on. */
export const sourceOfCall: SourceOfAct = () => sources.getStore() ?? null;

/** Commands act from the machine that they run on. */
export function sourceOfCommand(): ActSource {
  return { host: hostname() };
}

/** The address of loopback is every machine's: a call from there says which machine, as commands do. A proxy on it speaks for others. */
function sourceOfRequest({ headers, ip, socket }: FastifyRequest): ActSource {
  const isForwarded = headers['x-forwarded-for'] !== undefined || headers['forwarded'] !== undefined;
  return isLoopback(socket.remoteAddress) && !isForwarded ? sourceOfCommand() : { address: ip };
}

/** Whether a connection comes from this machine. */
export function isLoopback(address: string | undefined): boolean {
  return /^(?:127\.|::1$|::ffff:127\.)/.test(address ?? '');
}

/** Whatever a call does from here on has the address that it came from, or this machine. */
export function rememberSources(app: FastifyInstance): void {
  // After the body was read: reading it would lose what is remembered.
  app.addHook('preHandler', (request, _reply, done) => {
    sources.run(sourceOfRequest(request), done);
  });
}

/** Orders that reached a workflow say where they came from; what an activity writes for one has that source. */
export const rememberSourcesOfOrders: ActivityInterceptorsFactory = () => ({
  inbound: {
    async execute(input, next) {
      const source = sourceOfOrder(input.args[0]);
      return source === null ? await next(input) : await sources.run(source, async () => await next(input));
    },
  },
});

function sourceOfOrder(order: unknown): ActSource | null {
  return typeof order === 'object' && order !== null && 'source' in order ? parseSource(order.source) : null;
}
