import { Client } from 'pg';

/** Makes the database of a URL when its server does not have it yet, and waits until the server answers. */
export async function ensureDatabase(url: string, waitMs: number): Promise<void> {
  const target = new URL(url);
  const name = target.pathname.slice(1);
  const admin = new URL(url);
  admin.pathname = '/postgres';
  const deadline = Date.now() + waitMs;
  for (;;) {
    const client = new Client({ connectionString: admin.href, connectionTimeoutMillis: 2000 });
    try {
      await client.connect();
      const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
      if (rowCount === 0) await client.query(`CREATE DATABASE "${name.replaceAll('"', '""')}"`);
      return;
    } catch (error) {
      // Two programs may make it at once.
      if ((error as { code?: string }).code === '42P04') return;
      if (Date.now() >= deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
