import { expect, it } from 'vitest';
import { withRegisteredEndpoints } from '../../../client/rollouts/registered-endpoints.ts';
import type { Registry } from '../../../client/registry-port.ts';
import { loadConfig } from '../../../config/load.ts';
import { MlopsError } from '../../../domain/errors.ts';

const { config: none } = loadConfig({ env: {}, workingDirectory: '/nonexistent' });
const config = { ...none, deployment: { ...none.deployment, targets: { rag: { '1.0.0': 'http://configured' } } } };
const VERSIONS = ['1.0.0', '1.1.0', '1.2.0'];

/** The endpoints of an order for 1.0.0 (configured), 1.1.0 (typed) and 1.2.0 (neither), and how often the registry was asked. */
async function complete(answer: () => { readonly endpoint: string | null }) {
  let asked = 0;
  const registry = {
    version: async () => {
      asked += 1;
      return await Promise.resolve(answer());
    },
  } as unknown as Registry;
  const order = { model: 'rag', endpoints: { '1.1.0': 'http://typed' } };
  const open = async () => await Promise.resolve(registry);
  const { endpoints } = await withRegisteredEndpoints(config, order, VERSIONS, open);
  return { endpoints, asked };
}

it('the registry is asked for what neither the order nor configuration knows, and for nothing else', async () => {
  expect(await complete(() => ({ endpoint: 'http://registered' }))).toEqual({
    endpoints: { '1.1.0': 'http://typed', '1.2.0': 'http://registered' },
    asked: 1,
  });
});

it.each(['MODEL_NOT_FOUND', 'VERSION_NOT_FOUND', 'DATABASE_UNREACHABLE'] as const)(
  '%s leaves the order as it is',
  async (code) => {
    const { endpoints } = await complete(() => {
      throw new MlopsError(code, {});
    });
    expect(endpoints).toEqual({ '1.1.0': 'http://typed' });
  },
);

it('a version that answers nowhere leaves the order as it is', async () => {
  expect((await complete(() => ({ endpoint: null }))).endpoints).toEqual({ '1.1.0': 'http://typed' });
});

it('who may not read the registry is told so', async () => {
  const refused = complete(() => {
    throw new MlopsError('NOT_AUTHORISED', {});
  });
  await expect(refused).rejects.toMatchObject({ code: 'NOT_AUTHORISED' });
});
