import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createVersionSource } from '../../../adapters/mlflow/version-source.ts';

let server: Server | undefined;
afterEach(() => server?.close());

/** A registry that answers every search with this. */
async function sourceOf(answer: object) {
  const made = createServer((_, response) => void response.end(JSON.stringify(answer)));
  server = made;
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  return createVersionSource(`http://127.0.0.1:${(made.address() as AddressInfo).port}`, null);
}

const VERSION = { name: 'a', version: '1', creation_timestamp: 1, last_updated_timestamp: 2, status: 'READY' };

describe('a registry that versions are read from', () => {
  it('whose pages lead in a circle is not read for ever', async () => {
    const source = await sourceOf({ model_versions: [VERSION], next_page_token: 'again' });
    await expect(source.changedSince(0)).rejects.toMatchObject({
      code: 'REGISTRY_SOURCE_FAILED',
      message: expect.stringContaining('its pages lead back to one that was read') as string,
    });
  });

  it.each([
    ['last_updated_timestamp', 8.64e15],
    ['last_updated_timestamp', -1],
    ['creation_timestamp', 1e300],
    ['creation_timestamp', 'soon'],
  ])('lists no version whose %s is %s: no day is that', async (name, value) => {
    const source = await sourceOf({ model_versions: [{ ...VERSION, [name]: value }] });
    await expect(source.changedSince(-10)).rejects.toMatchObject({
      code: 'REGISTRY_SOURCE_FAILED',
      message: expect.stringContaining('something that is no version') as string,
    });
  });
});
