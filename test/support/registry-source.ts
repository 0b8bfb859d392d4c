// A registry of MLflow elsewhere, whose address is there before it answers.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Pool } from 'pg';
import { ensureDatabase } from '../../adapters/postgres/create-database.ts';
import { migrate } from '../../adapters/postgres/migrate.ts';
import { createPool } from '../../adapters/postgres/pool.ts';
import { openTestLedger } from './database.ts';
import { startMlflow, type MlflowServer } from './mlflow.ts';

export async function openSource() {
  let served: { readonly server: MlflowServer; readonly pool: Pool } | null = null;
  const front = createServer((request, response) => {
    if (served === null) response.writeHead(503, { 'retry-after': '0' }).end('busy');
    else
      void fetch(`${served.server.url}${request.url ?? ''}`).then(async (answer) =>
        response.writeHead(answer.status).end(await answer.text()),
      );
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(front.address() as AddressInfo).port}`,
    /** Answers from now on, out of a database of its own beside another one. */
    serveFrom: async (databaseUrl: string): Promise<void> => {
      const own = new URL(databaseUrl);
      own.pathname = '/elsewhere';
      await ensureDatabase(own.href, 20_000);
      await migrate(own.href);
      const pool = createPool(own.href, 5);
      served = { pool, server: await startMlflow(await openTestLedger(pool)) };
    },
    add: async (name: string, source: string, version?: string): Promise<void> => {
      const tags = version === undefined ? [] : [{ key: 'mlops.version', value: version }];
      await served?.server.call('POST', 'registered-models/create', { name });
      await served?.server.call('POST', 'model-versions/create', { name, source, tags });
    },
    close: async (): Promise<void> => {
      front.close().closeAllConnections();
      await served?.server.close();
      await served?.pool.end();
    },
  };
}
