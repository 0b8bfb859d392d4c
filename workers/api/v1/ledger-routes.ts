import { z } from 'zod';
import { MlopsError } from '../../../domain/errors.ts';
import { NONE, route } from './route.ts';

/** The log for outsiders, without credentials: they are to keep copies, which show a history that was written anew. */
export const LEDGER_ROUTES = [
  route({
    method: 'GET',
    path: '/audit/keys',
    operationId: 'readVerifierKeys',
    summary: 'The verifier keys of the ledger, one a line, as the file trusted-keys has them',
    shown: 'nothing',
    params: NONE,
    query: NONE,
    body: null,
    answer: z.string(),
    refusals: [],
    run: async ({ verifierKeys }) => await verifierKeys(),
  }),
  route({
    method: 'GET',
    path: '/audit/checkpoint',
    operationId: 'readCheckpoint',
    summary: 'The newest signed checkpoint of the ledger (docs/reference/ledger-format.md)',
    shown: 'nothing',
    params: NONE,
    query: NONE,
    body: null,
    answer: z.string(),
    refusals: ['CHECKPOINT_NOT_FOUND', 'DATABASE_UNREACHABLE'],
    async run({ newestNote }) {
      const note = await newestNote();
      if (note === null) throw new MlopsError('CHECKPOINT_NOT_FOUND');
      return note;
    },
  }),
];
