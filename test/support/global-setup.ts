import { execFileSync } from 'node:child_process';
import { findServer } from '../../adapters/temporal/find-server.ts';

/** The Temporal server must be there before tests that start it; where nothing else is possible it is built (5 minutes). */
export async function setup(): Promise<void> {
  const { how } = await findServer((line) => process.stderr.write(`${line}\n`));
  process.stderr.write(`Temporal server: found by ${how}\n`);
  // What an installation left to be written would stall the first fsyncs of the tests for seconds.
  execFileSync('sync');
}
