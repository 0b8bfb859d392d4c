import { AsyncLocalStorage } from 'node:async_hooks';
import { hostname } from 'node:os';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { FastifyInstance } from 'fastify';
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

/** Whatever a call does from here on has the address that it came from. */
export function rememberSources(app: FastifyInstance): void {
  // After the body was read: reading it would lose what is remembered.
  app.addHook('preHandler', (request, _reply, done) => {
    sources.run({ address: request.ip }, done);
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
