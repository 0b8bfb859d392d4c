import { setTimeout as sleep } from 'node:timers/promises';
import { NotYet } from '../query.ts';

type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/** How long what came is held for who asked and was sent away, and comes back for it: also for the next that is missing, and the one after. */
const HELD_MS = 10_000;
/** Failures for less: whoever tries again wants another answer. */
const FAILURE_HELD_MS = 1000;

/**
 * Fetches what is usually at hand and may be far away, for work that everybody waits for. What does not come in time goes on being
 * fetched while that work is rolled back, and is there when it is done again.
 */
export function createFetches<T>(heldMs = HELD_MS) {
  const held = new Map<string, { readonly outcome: Promise<Outcome<T>> }>();
  /** Since something was late, until something comes: nothing is waited for meanwhile. */
  let isSlow = false;
  const hold = (name: string, outcome: Promise<Outcome<T>>): void => {
    const mine = { outcome };
    held.set(name, mine);
    void outcome
      .then(async (settled) => await sleep('error' in settled ? FAILURE_HELD_MS : heldMs, null, { ref: false }))
      .then(() => void (held.get(name) === mine && held.delete(name)));
  };
  return {
    /**
     * The same for everybody who asks by that name, until it is released.
     *
     * @param until by `performance.now()`
     * @throws NotYet when it does not come until then, and what fetching it throws
     */
    async take(name: string, until: number, fetch: () => Promise<T>): Promise<T> {
      const outcome = held.get(name)?.outcome ?? settle(fetch());
      const patience = isSlow ? 0 : Math.max(0, until - performance.now());
      const found = await Promise.race([outcome, patience === 0 ? null : sleep(patience, null, { ref: false })]);
      if (found === null) {
        isSlow = true;
        hold(name, outcome);
        throw new NotYet(outcome);
      }
      if ('error' in found) throw found.error;
      isSlow = false;
      hold(name, outcome);
      return found.value;
    },

    release: (name: string): void => void held.delete(name),
  };
}

async function settle<T>(fetched: Promise<T>): Promise<Outcome<T>> {
  return await fetched.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}
