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

/**
 * Pino writes an error as `{}`. Of ours the code says what it is, and their words may name people; others were not foreseen. What a
 * workflow has failed by is behind what carries it.
 */
function saidOf(error: unknown): string {
  const { cause, code, type } = error as { readonly [name in 'cause' | 'code' | 'type']?: unknown };
  const known = [code, type].find((one) => typeof one === 'string' && Object.hasOwn(ERRORS, one));
  if (typeof known === 'string') return known;
  return cause instanceof Error ? saidOf(cause) : messageOf(error);
}
