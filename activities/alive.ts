import { Context } from '@temporalio/activity';

const HEARTBEAT_MS = 2_000;

/** Does what may read gigabytes of an artifact; a worker that died meanwhile is noticed by its silence. */
export async function alive<T>(work: () => Promise<T>): Promise<T> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(), HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
