import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createFetches } from '../../../../adapters/postgres/ledger/fetch-in-time.ts';
import { NotYet } from '../../../../adapters/postgres/query.ts';

it('comes to an end where all that is needed takes longer, one after the other, than each is held', async () => {
  const fetches = createFetches<string>(1000);
  const fetched: string[] = [];
  const all = async (): Promise<readonly string[]> => {
    const found: string[] = [];
    for (const name of ['a', 'b', 'c', 'd'])
      found.push(
        await fetches.take(name, performance.now() + 10, async () => {
          fetched.push(name);
          return await sleep(400, name);
        }),
      );
    return found;
  };
  for (let tries = 0; tries < 4; tries += 1)
    await all().catch(async (error: unknown) => {
      expect(error).toBeInstanceOf(NotYet);
      await (error as NotYet).settled;
    });
  expect(await all()).toEqual(['a', 'b', 'c', 'd']);
  expect(fetched).toEqual(['a', 'b', 'c', 'd']);
});
