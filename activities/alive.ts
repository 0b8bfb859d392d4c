import { Context } from '@temporalio/activity';

const HEARTBEAT_MS = 2_000;

/**
 * Does what may take long; a worker that died meanwhile is noticed by its silence.
 *
 * @param progress how far it has come: the next attempt finds it in `info.heartbeatDetails`
 */
export async function alive<T>(work: () => Promise<T>, progress: () => unknown = () => undefined): Promise<T> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(progress()), HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
