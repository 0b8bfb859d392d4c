import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import { createRegistrySourceActivities } from '../../../activities/registry-source.ts';
import type { RegistrySource } from '../../../activities/ports.ts';
import { MlopsError } from '../../../domain/errors.ts';

const read = async (registrySource: RegistrySource | null) => {
  const activities = createRegistrySourceActivities({ registrySource });
  const run = async (): Promise<unknown> => await activities.readRegistrySource({ environment: 'dev' });
  return await new MockActivityEnvironment().run(run);
};
const failing = (problem: Error): RegistrySource => ({ read: async () => await Promise.reject(problem) });

describe('following a registry elsewhere', () => {
  it('reads nothing where none is named, or the one that is named is this one', async () => {
    expect(await read(null)).toMatchObject({ state: 'none' });
    const own = failing(new MlopsError('REGISTRY_SOURCE_OWN', { url: 'http://mlops.example' }));
    expect(await read(own)).toMatchObject({ state: 'none', added: 0 });
  });

  it('fails with what the other one says', async () => {
    const away = new MlopsError('REGISTRY_SOURCE_FAILED', { url: 'http://mlflow.example', problem: 'busy' });
    await expect(read(failing(away))).rejects.toMatchObject({ code: 'REGISTRY_SOURCE_FAILED' });
  });
});
