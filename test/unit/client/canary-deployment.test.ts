import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CanaryDeploymentController, type CanaryDeploymentConfig, type Mlops } from '../../../client/index.ts';
import { loadConfig } from '../../../config/load.ts';

const BRIEF: CanaryDeploymentConfig = {
  modelName: 'rag_api',
  newVersion: '2.1.0',
  currentVersion: '2.0.0',
  initialCanaryPercentage: 5,
  maxCanaryPercentage: 50,
  maxErrorRateThreshold: 0.03,
  autoRollbackEnabled: true,
  profile: 'brief',
};

/** A system that notes what is asked of it, configured as the brief wants it. */
function createSystem() {
  const workingDirectory = mkdtempSync(join(tmpdir(), 'mlops-canary-'));
  mkdirSync(join(workingDirectory, 'config'));
  const profiles = 'profiles: { brief: { initial_percentage: 5, max_percentage: 50, auto_rollback: true } }';
  writeFileSync(join(workingDirectory, 'config/deployment.yaml'), `${profiles}\njudge: { max_error_rate: 0.03 }\n`);
  const { config } = loadConfig({ env: {}, workingDirectory });
  const asked: unknown[] = [];
  const answer =
    (name: string, value: unknown) =>
    async (...given: readonly unknown[]) => {
      asked.push([name, ...given]);
      return await Promise.resolve(value);
    };
  const rollouts = { start: answer('start', { rolloutId: 'r' }), result: answer('result', { outcome: 'promoted' }) };
  const mlops = { config, rollouts, close: answer('close', undefined) } as unknown as Mlops;
  return { asked, mlops };
}

describe('the canary deployment of the brief', () => {
  it('starts a rollout by the profile that has its figures, waits for its end, and closes nothing that it did not open', async () => {
    const { asked, mlops } = createSystem();
    const controller = new CanaryDeploymentController(BRIEF, 'http://127.0.0.1:2', 'http://127.0.0.1:1', mlops);
    expect(await controller.startCanaryDeployment()).toEqual({
      started: { rolloutId: 'r' },
      ended: { outcome: 'promoted' },
    });
    const endpoints = { '2.1.0': 'http://127.0.0.1:2', '2.0.0': 'http://127.0.0.1:1' };
    const order = {
      model: 'rag_api',
      fromVersion: '2.0.0',
      toVersion: '2.1.0',
      endpoints,
      profile: 'brief',
      reason: '',
    };
    expect(asked).toEqual([
      ['start', order],
      ['result', 'rag_api', undefined],
    ]);
  });

  it.each([
    [{ initialCanaryPercentage: 10 }, 'initialCanaryPercentage is 10, wanted 5'],
    [{ maxCanaryPercentage: 80 }, 'maxCanaryPercentage is 80, wanted 50'],
    [{ maxErrorRateThreshold: 0.2 }, 'maxErrorRateThreshold is 0.2, wanted 0.03'],
    [{ autoRollbackEnabled: false }, 'autoRollbackEnabled is false, wanted true'],
  ])('is not started with figures that the configuration does not have: %j', async (change, words) => {
    const { asked, mlops } = createSystem();
    const controller = new CanaryDeploymentController({ ...BRIEF, ...change }, 'http://a', 'http://b', mlops);
    await expect(controller.startCanaryDeployment()).rejects.toMatchObject({
      code: 'USAGE_INVALID',
      exitCode: 2,
      message: expect.stringContaining(words) as string,
    });
    expect(asked).toEqual([]);
  });

  it('is refused at once when its shape is not that of one', () => {
    const create = (config: unknown) => () =>
      new CanaryDeploymentController(config as CanaryDeploymentConfig, 'http://a', 'http://b');
    expect(create({ ...BRIEF, initialPercentage: 5 })).toThrow('unknown key initialPercentage');
    expect(create({ ...BRIEF, maxCanaryPercentage: 101 })).toThrow('maxCanaryPercentage: 101, wanted');
    expect(create(null)).toThrow('Input of CanaryDeploymentController is not valid: null, wanted keys with values');
  });
});
