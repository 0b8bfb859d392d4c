import { messageOf } from '../../domain/errors.ts';

/** What is our fault is said in the log, and to nobody who called. */
export function tellFailure(error: unknown): void {
  process.stderr.write(`api: a call has failed: ${messageOf(error)}\n`);
}
