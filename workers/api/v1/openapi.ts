import { z } from 'zod';
import { ERRORS, type ErrorCode } from '../../../domain/errors.ts';
import type { Json } from '../../../domain/governance/event-draft.ts';
import { REFUSAL, statusOf } from './refusal.ts';
import { answersText, type ApiRoute, type Shown } from './route.ts';

type Document = { readonly openapi: string; readonly paths: Record<string, Json> } & { readonly [name: string]: Json };

/** What any call may be refused by. */
const ALWAYS: readonly ErrorCode[] = ['USAGE_INVALID', 'HOST_NOT_ALLOWED', 'ORIGIN_NOT_ALLOWED'];

/** What opens a route: any one of these. `{}` is nothing, which is enough for who calls from this machine outside production. */
const SECURITY: Readonly<Record<Shown, Json>> = {
  nothing: [],
  'who-reads': [{ statement: [] }, { token: [] }, {}],
  'who-signs': [{ statement: [] }],
};

/** The OpenAPI 3.1 document of routes. */
export function assembleDocument(routes: readonly ApiRoute[]): Document {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) (paths[`/api/v1${route.path}`] ??= {})[route.method.toLowerCase()] = operationOf(route);
  return {
    openapi: '3.1.0',
    info: {
      title: 'durable-mlops',
      version: '1',
      description:
        'Fields may be added, and none is renamed or retyped. The registry in the MLflow protocol is under /api/2.0/mlflow and is not described here.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: { Refusal: schemaOf(REFUSAL) },
      securitySchemes: {
        statement: {
          type: 'apiKey',
          in: 'header',
          name: 'Authorization',
          description:
            'Mlops-Statement <base64url of the JSON of a statement that who asks has signed> (docs/reference/signed-statements.md)',
        },
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'A token of an issuer that the configuration names (docs/how-to/sign-in-with-tokens.md)',
        },
      },
    },
  };
}

function operationOf(route: ApiRoute): Json {
  const content = answersText(route) ? 'text/plain' : 'application/json';
  return {
    operationId: route.operationId,
    summary: route.summary,
    security: SECURITY[route.shown],
    parameters: [...parametersOf('path', route.params), ...parametersOf('query', route.query)],
    ...(route.body === null
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(route.body) } } } }),
    responses: {
      '200': { description: 'The answer', content: { [content]: { schema: schemaOf(route.answer) } } },
      ...refusalsOf(route),
    },
  };
}

function parametersOf(place: 'path' | 'query', schema: z.ZodType): Json[] {
  const { properties = {}, required = [] } = schemaOf(schema) as {
    readonly properties?: Record<string, { readonly [name: string]: Json }>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description = '', ...rest }]) => ({
    name,
    in: place,
    required: required.includes(name),
    description,
    schema: rest,
  }));
}

/** By status: which errors, with the exit codes that the command line has for them. */
function refusalsOf({ refusals }: ApiRoute): Record<string, Json> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of [...ALWAYS, ...refusals].sort())
    byStatus.set(statusOf(code), [...(byStatus.get(statusOf(code)) ?? []), code]);
  const content = { 'application/json': { schema: { $ref: '#/components/schemas/Refusal' } } };
  const answers = [...byStatus].map(([status, codes]): [string, Json] => {
    const exits = codes.map((code) => `${code} (exit code ${ERRORS[code].exitCode})`);
    return [String(status), { description: exits.join(', '), 'x-mlops-errors': codes, content }];
  });
  const unexpected: [string, Json] = ['500', { description: 'UNEXPECTED (exit code 1)', content }];
  return Object.fromEntries([...answers, unexpected]);
}

/** As who calls has it: fields may be added to answers. */
function schemaOf(schema: z.ZodType): { readonly [name: string]: Json } {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest as unknown as { readonly [name: string]: Json };
}
