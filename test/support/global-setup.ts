import { findServer } from '../../adapters/temporal/find-server.ts';

/** The Temporal server must be there before tests that start it; where nothing else is possible it is built (5 minutes). */
export async function setup(): Promise<void> {
  const { how } = await findServer((line) => process.stderr.write(`${line}\n`));
  process.stderr.write(`Temporal server: found by ${how}\n`);
}
