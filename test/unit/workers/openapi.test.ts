import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { assembleDocument } from '../../../workers/api/v1/openapi.ts';
import { REFUSAL } from '../../../workers/api/v1/refusal.ts';
import type { ApiParts } from '../../../workers/api/v1/route.ts';
import { ROUTES } from '../../../workers/api/v1/routes.ts';
import { serveRoutes } from '../../../workers/api/v1/serve.ts';
import { problemsBy, problemsByAll } from '../../support/openapi.ts';

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly responses: Readonly<Record<string, { readonly content: Readonly<Record<string, { schema: object }>> }>>;
  readonly security: readonly object[];
}

const DOCUMENT = assembleDocument(ROUTES) as unknown as {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
};
const OPERATIONS = Object.entries(DOCUMENT.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
);

const broken = async (): Promise<never> => await Promise.reject(new Error('password of the database'));
const PARTS: ApiParts = { gate: broken, verifierKeys: broken, newestNote: async () => await Promise.resolve(null) };

let app: FastifyInstance | undefined;
afterEach(async () => await app?.close());

/** Serves the routes; what they served is in the list once they are ready. */
function serve(parts: ApiParts): { readonly app: FastifyInstance; readonly served: string[] } {
  const served: string[] = [];
  app = fastify();
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) served.push(`${one} ${url.replaceAll(/:(\w+)/g, '{$1}')}`);
  });
  serveRoutes(app, ROUTES, parts);
  return { app, served };
}

describe('the document of the HTTP API', () => {
  it('has every route that is served, and no other', async () => {
    const { app: api, served } = serve(PARTS);
    await api.ready();
    // GET answers HEAD too, as HTTP has it.
    const routes = served.filter((one) => !one.startsWith('HEAD '));
    expect(new Set(routes)).toEqual(new Set(OPERATIONS.map(({ method, path }) => `${method} ${path}`)));
    expect(routes).toContain('GET /api/v1/openapi.json');
  });

  it.each(OPERATIONS)('$method $path is answered', async ({ method, path }) => {
    const { app: api } = serve(PARTS);
    const url = path.replaceAll(/\{\w+\}/g, 'apr-1');
    const { body, headers, statusCode } = await api.inject({ method: method as 'GET', url });
    if (statusCode === 200) return;
    expect(headers['content-type']).toContain('application/json');
    const { error } = JSON.parse(body) as { error: { code: string } };
    expect(problemsByAll(REFUSAL, JSON.parse(body))).toEqual([]);
    expect(error.code, 'there is such a route').not.toBe('ROUTE_NOT_FOUND');
  });

  it('is served, as it is committed', async () => {
    const { app: api } = serve(PARTS);
    const { body, statusCode } = await api.inject('/api/v1/openapi.json');
    expect([statusCode, JSON.parse(body)]).toEqual([200, JSON.parse(JSON.stringify(DOCUMENT))]);
    expect(DOCUMENT.openapi).toBe('3.1.0');
  });

  it('names each operation once, every part of its path, and what it may be refused by', () => {
    const names = OPERATIONS.map(({ operation }) => operation.operationId);
    expect(new Set(names).size).toBe(names.length);
    for (const { operation, path } of OPERATIONS) {
      const inPath = operation.parameters.filter((one) => one.in === 'path' && one.required).map(({ name }) => name);
      expect(inPath, path).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['200', '400', '403', '500']));
      expect(operation.security, path).toBeInstanceOf(Array);
    }
  });

  it('has schemas that a validator of their dialect takes', () => {
    const schemas = OPERATIONS.flatMap(({ operation: { requestBody, responses } }) => [
      ...Object.values(requestBody?.content ?? {}).map(({ schema }) => schema),
      ...Object.values(responses['200']?.content ?? {}).map(({ schema }) => schema),
    ]);
    for (const schema of [...schemas, ...Object.values(DOCUMENT.components.schemas)])
      expect(() => problemsBy(schema, {})).not.toThrow();
    expect(
      JSON.stringify(DOCUMENT)
        .match(/"\$ref":"[^"]+"/g)
        ?.every((one) => one.includes('schemas/Refusal')),
    ).toBe(true);
  });
});

describe('a call that is not understood', () => {
  const DECISIONS = '/api/v1/approvals/apr-1/decisions';
  it.each([
    ['GET', '/api/v1/nothing', undefined, 404, 'ROUTE_NOT_FOUND', 'There is no GET /api/v1/nothing here'],
    ['POST', '/api/v1/approvals?all=true', {}, 404, 'ROUTE_NOT_FOUND', 'There is no POST /api/v1/approvals here'],
    ['GET', '/api/v1/approvals?all=yes', undefined, 400, 'USAGE_INVALID', 'all: "yes", wanted one of true, false'],
    ['GET', '/api/v1/approvals?al=true', undefined, 400, 'USAGE_INVALID', 'unknown key al; the nearest is all'],
    ['POST', DECISIONS, { verdict: 'maybe' }, 400, 'USAGE_INVALID', 'verdict: "maybe", wanted one of approve, deny'],
    ['POST', DECISIONS, { verdict: 'deny', seen: 7 }, 400, 'USAGE_INVALID', 'seen: 7, wanted text'],
    ['POST', DECISIONS, { verdict: 'deny', seen: 'd' }, 400, 'USAGE_INVALID', 'wanted why it is denied'],
    ['POST', DECISIONS, '{ "verdict"', 400, 'USAGE_INVALID', 'The call cannot be read: '],
    ['GET', '/api/v1/audit/checkpoint', undefined, 404, 'CHECKPOINT_NOT_FOUND', 'Nothing of the ledger was signed yet'],
  ] as const)('is refused in one form: %s %s', async (method, url, payload, status, code, words) => {
    const { app: api } = serve(PARTS);
    const headers = payload === undefined ? {} : { 'content-type': 'application/json' };
    const answer = await api.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });
    const told = JSON.parse(answer.body) as { error: { code: string; message: string } };
    expect(problemsByAll(REFUSAL, told)).toEqual([]);
    expect([answer.statusCode, told.error.code]).toEqual([status, code]);
    expect(told.error.message).toContain(words);
  });

  it('says nothing of what went wrong inside', async () => {
    const { app: api } = serve(PARTS);
    const { body, statusCode } = await api.inject('/api/v1/audit/keys');
    expect([statusCode, problemsByAll(REFUSAL, JSON.parse(body))]).toEqual([500, []]);
    expect(body).not.toContain('password');
  });
});
