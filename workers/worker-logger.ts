import { DefaultLogger, type LogEntry } from '@temporalio/worker';
import type { Logger } from 'pino';
import { ERRORS, messageOf } from '../domain/errors.ts';

const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/** Temporal's log lines through pino. */
export function createWorkerLogger(log: Logger): DefaultLogger {
  return new DefaultLogger('WARN', ({ level, message, meta = {} }: LogEntry) => {
    const error: unknown = meta['error'];
    log[LEVELS[level]](error === undefined ? meta : { ...meta, error: saidOf(error) }, message);
  });
}

/** Pino writes an error as `{}`. Of ours the code says what it is, and their words may name people; others were not foreseen. */
function saidOf(error: unknown): string {
  const { code, type } = error as { readonly code?: unknown; readonly type?: unknown };
  const known = [code, type].find((one) => typeof one === 'string' && Object.hasOwn(ERRORS, one));
  return typeof known === 'string' ? known : messageOf(error);
}
