// What an unmodified MlflowClient sees of our registry, beside what it sees of a server of MLflow.
import { isDeepStrictEqual } from 'node:util';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from '../../adapters/postgres/migrate.ts';
import { createPool } from '../../adapters/postgres/pool.ts';
import { portsFrom } from '../../config/load.ts';
import { openTestLedger, startDatabase, type TestDatabase } from '../support/database.ts';
import { startMlflow, type MlflowServer } from '../support/mlflow.ts';
import { installMlflow, runPython, startMlflowServer } from '../support/mlflow-python.ts';
import { startHook } from '../support/registry-hook.ts';
import { OFFSETS } from '../support/offsets.ts';
import { fileOf, registrationOf } from '../support/registry.ts';

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
});
