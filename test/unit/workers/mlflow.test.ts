import fastify from 'fastify';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { registerMlflow } from '../../../workers/api/mlflow.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the registry in the MLflow protocol', () => {
  it('says in the log what nobody foresaw, and nothing of it to who called', async () => {
    const told = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const app = fastify({ logger: false });
    registerMlflow(app, async () => await Promise.reject(new Error('column "x" is not there')));
    const { json, statusCode } = await app.inject('/api/2.0/mlflow/registered-models/get?name=m');
    expect([statusCode, json()]).toEqual([500, { error_code: 'INTERNAL_ERROR', message: 'Internal error' }]);
    expect(told.mock.calls.map(([text]) => text)).toEqual(['api: a call has failed: column "x" is not there\n']);
    await app.close();
  });

  it('keeps out of the log what is wrong with a call', async () => {
    const told = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const app = fastify({ logger: false });
    registerMlflow(app, async () => await Promise.reject(new Error('nobody asks')));
    const { statusCode } = await app.inject('/api/2.0/mlflow/nothing');
    expect([statusCode, told.mock.calls]).toEqual([404, []]);
    await app.close();
  });
});
