// What an unmodified MlflowClient sees of our registry, beside what it sees of a server of MLflow; and what we take over from that.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createVersionSource } from '../../adapters/mlflow/version-source.ts';
import { ensureDatabase } from '../../adapters/postgres/create-database.ts';
import { migrate } from '../../adapters/postgres/migrate.ts';
import { createPool } from '../../adapters/postgres/pool.ts';
import { takeOver } from '../../adapters/postgres/registry/mlflow/take-over.ts';
import { portsFrom } from '../../config/load.ts';
import { openTestLedger, startDatabase, type TestDatabase } from '../support/database.ts';
import { startMlflow, type MlflowServer } from '../support/mlflow.ts';
import { installMlflow, runPython, startMlflowServer } from '../support/mlflow-python.ts';
import { startHook } from '../support/registry-hook.ts';
import { OFFSETS } from '../support/offsets.ts';
import { createTestRegistry, fileOf, registrationOf } from '../support/registry.ts';

const PORTS = portsFrom(OFFSETS.mlflowClient);
const INSTALL_MS = 300_000;
const refused = (error: string) => ({ error, type: expect.any(String) as string });

/** Where ours answers otherwise, and must: by ruling, each with its answer. */
const RULED: Readonly<Record<string, unknown>> = {
  // Names of models are part of paths and ids here.
  'create one with blanks': refused('INVALID_PARAMETER_VALUE'),
  // Protected: nobody moves it without an approval, and nobody removes it.
  'set the alias champion': refused('PERMISSION_DENIED'),
  'delete the alias champion': refused('PERMISSION_DENIED'),
  'to Production': refused('PERMISSION_DENIED'),
  'where it stands': ['3', 'Staging'],
  // Nothing vouches for what was not ingested.
  'what was not ingested': refused('PERMISSION_DENIED'),
  // What is archived is retired, and that is the end.
  'back from the archive': refused('PERMISSION_DENIED'),
  // There are no prompts here, and nobody is told of what never happens.
  'make one for prompts': refused('INVALID_PARAMETER_VALUE'),
};

const packages = await installMlflow();

describe.skipIf(packages === null)('an unmodified MlflowClient', () => {
  let database: TestDatabase;
  let pool: Pool;
  let ours: MlflowServer;
  let receiver: Awaited<ReturnType<typeof startHook>>;
  let theirs: Awaited<ReturnType<typeof startMlflowServer>> | undefined;

  beforeAll(async () => {
    database = await startDatabase(PORTS.postgres);
    await migrate(database.url);
    pool = createPool(database.url, 10);
    ours = await startMlflow(await openTestLedger(pool));
    for (const version of ['1.0.0', '1.1.0', '1.2.0'])
      await ours.registry.register({
        registration: registrationOf('staged', version),
        artifactPath: await fileOf(version),
        wantsProduction: false,
        actor: 'ada',
      });
    receiver = await startHook();
    theirs = await startMlflowServer(packages ?? '', PORTS.api);
  }, INSTALL_MS);
  afterAll(async () => {
    await theirs?.stop();
    receiver.close();
    await ours.close();
    await pool.end();
    await database.remove();
  });

  const answersOf = async (url: string) =>
    JSON.parse(
      await runPython(packages ?? '', ['test/fixtures/mlflow/contract.py', url, receiver.urlOf('hook')]),
    ) as Record<string, unknown>;

  it(
    'sees what it sees of a server of MLflow, but for what is ruled otherwise',
    async () => {
      const [here, there] = [await answersOf(ours.url), await answersOf(theirs?.url ?? '')];
      expect(Object.keys(here)).toEqual(Object.keys(there));
      const differing = Object.keys(there).filter((name) => !isDeepStrictEqual(here[name], there[name]));
      for (const name of differing)
        process.stdout.write(`${name}: here ${JSON.stringify(here[name])}, MLflow ${JSON.stringify(there[name])}\n`);
      expect(differing.toSorted()).toEqual(Object.keys(RULED).toSorted());
      expect(here).toMatchObject(RULED);
    },
    INSTALL_MS,
  );

  it(
    'has every version taken over from its server, whatever is deleted while that is read',
    { timeout: 120_000 },
    async () => {
      const there = theirs?.url ?? '';
      const call = async (method: string, path: string, fields: object): Promise<void> => {
        const init = { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(fields) };
        const { status } = await fetch(`${there}/api/2.0/mlflow/${path}`, init);
        expect(status, path).toBe(200);
      };
      const add = async (source: string): Promise<void> =>
        await call('POST', 'model-versions/create', { name: 'many', source });
      await call('POST', 'registered-models/create', { name: 'many' });
      for (const at of Array.from({ length: 12 }).keys()) await add(`s3://m/${at + 1}`);
      // Between the first page and the second, the first of the first page goes: the first of the second has its place then.
      let newest: string | null = '';
      const front = createServer((request, response) => {
        const answer = async (): Promise<void> => {
          const isSecond = request.url?.includes('page_token') === true;
          const gone = isSecond ? newest : null;
          if (gone !== null) await call('DELETE', 'model-versions/delete', { name: 'many', version: gone });
          const given = await fetch(`${there}${request.url ?? ''}`);
          const text = await given.text();
          if (request.url?.includes('/model-versions/search') !== true) {
            response.writeHead(given.status).end(text);
            return;
          }
          const {
            model_versions: [first],
          } = JSON.parse(text) as { model_versions: [{ version: string }] };
          newest = isSecond || newest === null ? null : first.version;
          response.end(text);
        };
        void answer();
      });
      await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
      const own = new URL(database.url);
      own.pathname = '/taker';
      await ensureDatabase(own.href, 20_000);
      await migrate(own.href);
      const taker = createPool(own.href, 5);
      const evidence = await openTestLedger(taker);
      const { parts } = await createTestRegistry(evidence);
      const url = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
      const take = async () =>
        await takeOver(parts, {
          source: createVersionSource(url, null, 5),
          actor: await evidence.principals.actor('ada'),
        });
      const numbers = async (): Promise<number[]> => {
        const { rows } = await taker.query<{ origin: string }>(
          "SELECT v.tags ->> 'mlops.imported-from' AS origin FROM model_version v JOIN model m USING (model_id) WHERE m.name = 'many' ORDER BY ordinal",
        );
        return rows.map(({ origin }) => Number(origin.replace(`${url}#many/`, '')));
      };
      try {
        await take();
        expect((await numbers()).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 11 }, (_, at) => at + 1));
        await call('PATCH', 'model-versions/update', { name: 'many', version: '7', description: 'new' });
        expect(await take()).toMatchObject({ added: 0, changed: 1 });
        await call('DELETE', 'registered-models/delete', { name: 'many' });
        await call('POST', 'registered-models/create', { name: 'many' });
        await add('s3://m/1');
        expect(await take(), 'another version of the same number').toMatchObject({ added: 1, changed: 0 });
        expect((await numbers()).slice(11)).toEqual([1]);
        await call('POST', 'registered-models/rename', { name: 'many', new_name: 'more' });
        expect(await take(), 'it is known again').toMatchObject({ added: 0, changed: 1, skipped: [] });
        await call('POST', 'model-versions/create', { name: 'more', source: 's3://m/2' });
        expect(await take()).toMatchObject({ added: 1, changed: 0, skipped: [] });
        const { rows } = await taker.query("SELECT name, last_ordinal FROM model WHERE name IN ('many', 'more')");
        expect(rows).toEqual([{ name: 'many', last_ordinal: 13 }]);
      } finally {
        front.close();
        await taker.end();
      }
    },
  );
});
