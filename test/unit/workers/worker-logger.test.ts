import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { MlopsError } from '../../../domain/errors.ts';
import { createWorkerLogger } from '../../../workers/worker-logger.ts';

function logged(meta?: Record<string, unknown>): Record<string, unknown> {
  let text = '';
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString();
      done();
    },
  });
  createWorkerLogger(pino({}, stream)).warn('Activity failed', meta);
  return JSON.parse(text) as Record<string, unknown>;
}

it('says what an error was that nobody has foreseen', () => {
  expect(logged({ error: new TypeError('a text holds half of a surrogate pair'), attempt: 2 })).toMatchObject({
    msg: 'Activity failed',
    attempt: 2,
    error: 'a text holds half of a surrogate pair',
  });
});

it('says the code of ours, whose words may name people, whatever carries it', () => {
  const refused = new MlopsError('IDENTITY_UNKNOWN', { name: 'Ada Lovelace' });
  expect(logged({ error: refused })['error']).toBe('IDENTITY_UNKNOWN');
  const carried = Object.assign(new Error(refused.message), { type: 'IDENTITY_UNKNOWN' });
  expect(logged({ error: carried })['error']).toBe('IDENTITY_UNKNOWN');
  const failed = new Error('Activity task failed', { cause: carried });
  expect(logged({ error: failed })['error']).toBe('IDENTITY_UNKNOWN');
});

it('leaves what is no error as it is', () => {
  expect(logged({ error: 'in words' })['error']).toBe('in words');
  expect(logged()).toMatchObject({ msg: 'Activity failed' });
});
