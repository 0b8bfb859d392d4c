import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { FastifyInstance } from 'fastify';

/** Tells the ledger which request an act is of: `call/…` of the API, `run/…` of a workflow, `command/…`; null: of none. */
export type RequestOfAct = () => string | null;

const HEADER = 'x-request-id';
const GIVEN = /^[\w.:/-]{1,100}$/;

const requests = new AsyncLocalStorage<string>();
/** A command is one request, whatever it does. */
const own = `command/${randomUUID()}`;

/** The call of the API, or the workflow run, that is being worked on. */
export const requestOfCall: RequestOfAct = () => requests.getStore() ?? null;

/** The call that is being worked on, or else this command. */
export const requestOfProgram: RequestOfAct = () => requestOfCall() ?? own;

/** Names a call as its caller does, in X-Request-Id, where that can be a name; else anew. */
export function nameRequest({ headers }: IncomingMessage): string {
  const given = headers[HEADER];
  return typeof given === 'string' && GIVEN.test(given) ? given : randomUUID();
}

/** Whatever a call does from here on is of it, and the answer says its name. */
export function rememberRequests(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => void reply.header(HEADER, request.id));
  // After the body was read: reading it would lose what is remembered.
  app.addHook('preHandler', (request, _reply, done) => {
    requests.run(`call/${request.id}`, done);
  });
}

/** What an activity does is of the workflow run that ordered it. */
export const rememberRuns: ActivityInterceptorsFactory = ({ info }) => ({
  inbound: {
    async execute(input, next) {
      const runId = info.workflowExecution?.runId;
      return runId === undefined
        ? await next(input)
        : await requests.run(`run/${runId}`, async () => await next(input));
    },
  },
});
