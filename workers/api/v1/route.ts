import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { ErrorCode } from '../../../domain/errors.ts';
import type { ApprovalGate } from './approval-gate.ts';

/** What routes are answered by. */
export interface ApiParts {
  /** Approvals, and who reads them. */
  readonly gate: () => Promise<ApprovalGate>;
  /** Lines of the ledger's verifier keys. */
  readonly verifierKeys: () => Promise<string>;
  /** The newest signed note; null before the first one. */
  readonly newestNote: () => Promise<string | null>;
}

/** What a call has to show: nothing, who reads, or a signature of who acts. */
export type Shown = 'nothing' | 'who-reads' | 'who-signs';

/** One call, with what was given to it, checked. */
export interface Call<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly request: FastifyRequest;
}

/** One route of /api/v1: what serves it is what describes it. */
interface Definition<Params, Query, Body, Answer> {
  readonly method: 'GET' | 'POST';
  /** Below /api/v1, with `{name}` for what differs: `/approvals/{approvalId}`. */
  readonly path: string;
  /** Its name in clients that are made from the document. */
  readonly operationId: string;
  readonly summary: string;
  readonly shown: Shown;
  readonly params: z.ZodType<Params>;
  readonly query: z.ZodType<Query>;
  /** Null: it takes none. */
  readonly body: z.ZodType<Body> | null;
  /** JSON of this shape; as text when it is a text. */
  readonly answer: z.ZodType<Answer>;
  /** How it may be refused, beside what any call may be refused by. */
  readonly refusals: readonly ErrorCode[];
  run(parts: ApiParts, call: Call<Params, Query, Body>): Promise<Answer>;
}

/** A route, whatever it takes and answers. */
export type ApiRoute = Definition<unknown, unknown, unknown, unknown>;

/** Takes nothing. */
export const NONE = z.strictObject({});

/** Holds a route to its own schemas, and puts it among the others. */
export function route<Params, Query, Body, Answer>(definition: Definition<Params, Query, Body, Answer>): ApiRoute {
  // Whoever calls `run` has checked what it gives by the schemas beside it.
  return definition;
}

/** Whether a route answers in text. */
export function answersText({ answer }: Pick<ApiRoute, 'answer'>): boolean {
  return answer instanceof z.ZodString;
}
