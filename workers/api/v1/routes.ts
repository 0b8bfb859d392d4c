import { z } from 'zod';
import type { Json } from '../../../domain/governance/event-draft.ts';
import { APPROVAL_ROUTES } from './approval-routes.ts';
import { LEDGER_ROUTES } from './ledger-routes.ts';
import { assembleDocument } from './openapi.ts';
import { NONE, route, type ApiRoute } from './route.ts';

/** Every route of /api/v1, its own description among them. */
export const ROUTES: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/openapi.json',
    operationId: 'readDocument',
    summary: 'This document',
    shown: 'nothing',
    params: NONE,
    query: NONE,
    body: null,
    answer: z.looseObject({ openapi: z.string(), paths: z.record(z.string(), z.custom<Json>()) }),
    refusals: [],
    run: async () => await Promise.resolve(assembleDocument(ROUTES)),
  }),
  ...LEDGER_ROUTES,
  ...APPROVAL_ROUTES,
];
