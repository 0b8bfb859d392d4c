import { Agent, request } from 'undici';

const CONNECTIONS = 250;

export interface Traffic {
  /** Answers by status, and by arm. */
  readonly seen: { readonly status: Record<number, number>; readonly arm: Record<string, number> };
  stop(): Promise<void>;
}

/** Sends requests of many users to a gateway at a steady rate; answers are counted, errors included. */
export function startTraffic(options: {
  readonly url: string;
  readonly model: string;
  readonly perSecond: number;
  readonly users?: number;
  readonly score?: (arm: string) => number;
}): Traffic {
  const seen = { status: {} as Record<number, number>, arm: {} as Record<string, number> };
  const pending = new Set<Promise<void>>();
  // On a machine that is busy what is late is sent at once: without a bound each would open a connection of its own,
  // until this process has no descriptor left and does nothing but try.
  const dispatcher = new Agent({ connections: CONNECTIONS });
  let sent = 0;
  const started = performance.now();
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - started) / 1000) * options.perSecond);
    for (; sent < due; sent += 1) {
      const one = ask(sent).catch(() => void (seen.status[0] = (seen.status[0] ?? 0) + 1));
      pending.add(one);
      void one.finally(() => pending.delete(one));
    }
  }, 10);

  async function ask(number: number): Promise<void> {
    const headers = {
      'x-mlops-model': options.model,
      'x-user-id': `user-${(number * 7919) % (options.users ?? 5000)}`,
    };
    const { statusCode, headers: answer, body } = await request(`${options.url}/query`, { headers, dispatcher });
    await body.dump();
    const arm = String(answer['x-mlops-arm'] ?? 'none');
    seen.status[statusCode] = (seen.status[statusCode] ?? 0) + 1;
    seen.arm[arm] = (seen.arm[arm] ?? 0) + 1;
    if (options.score === undefined) return;
    const feedback = { requestId: answer['x-mlops-request-id'], score: options.score(arm) };
    const reply = await request(`${options.url}/-/feedback`, {
      method: 'POST',
      dispatcher,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(feedback),
    });
    await reply.body.dump();
  }

  return {
    seen,
    stop: async () => {
      clearInterval(timer);
      await Promise.allSettled(pending);
      if (!dispatcher.closed) await dispatcher.close();
    },
  };
}
