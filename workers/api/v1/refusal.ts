import { z } from 'zod';
import { ERRORS, type ErrorCode, type MlopsError } from '../../../domain/errors.ts';

/** What any refusal is answered with. */
export const REFUSAL = z.object({
  schemaVersion: z.literal(1),
  error: z.object({
    code: z.string().describe('A row of docs/reference/errors.md; UNEXPECTED when it is our fault'),
    message: z.string(),
    remedy: z.string().describe('What mends it'),
    retryable: z.boolean().describe('Whether trying again may help'),
    exitCode: z.int().describe('What the command line would have ended with'),
    details: z.record(z.string(), z.unknown()),
  }),
});

/** HTTP statuses of exit codes (contract §2). */
const OF_EXIT: Readonly<Record<number, number>> = { 2: 400, 3: 409, 4: 403, 6: 409 };
const OF_CODE: { readonly [Code in ErrorCode]?: number } = {
  NOT_AUTHENTICATED: 401,
  APPROVAL_NOT_FOUND: 404,
  CHECKPOINT_NOT_FOUND: 404,
  ROUTE_NOT_FOUND: 404,
};

/** The HTTP status of an error. */
export function statusOf(code: ErrorCode): number {
  return OF_CODE[code] ?? OF_EXIT[ERRORS[code].exitCode] ?? 503;
}

/** The answer to a call that was refused. */
export function refusalOf({
  code,
  details,
  exitCode,
  message,
  remedy,
  retryable,
}: MlopsError): z.infer<typeof REFUSAL> {
  return { schemaVersion: 1, error: { code, message, remedy, retryable, exitCode, details: { ...details } } };
}

/** The answer when it is our fault: what went wrong is for the log, not for callers. */
export const UNEXPECTED: z.infer<typeof REFUSAL> = {
  schemaVersion: 1,
  error: {
    code: 'UNEXPECTED',
    message: 'The API has failed',
    remedy: 'Try again, and report what the log of the API says (`mlops status` names it)',
    retryable: true,
    exitCode: 1,
    details: {},
  },
};
