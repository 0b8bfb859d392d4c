import { hashText } from './hash.ts';
import type { Fault } from './releases.ts';

/** What happens to one request beside being answered. */
export interface Trouble {
  readonly fails: boolean;
  readonly waitMs: number;
}

const ERROR_SHARE = 0.04;
const SLOW_SHARE = 0.1;
const SLOW_MS = 60;
const KEPT_BYTES_PER_REQUEST = 256 * 1024;
const DEADLY_REQUESTS_PER_SECOND = 8;
const TROUBLED_USERS = 10;
const NONE: Trouble = { fails: false, waitMs: 0 };

/**
 * Makes a release misbehave the way its fault says.
 *
 * @param die ends the process; called by a release that dies under load
 * @returns asked once for every request, with the user it came from
 */
export function createFault(fault: Fault | null, die: () => void): (user: string) => Trouble {
  const kept: Buffer[] = [];
  let second = 0;
  let inThisSecond = 0;
  const troubles: Record<Fault, (user: string) => Trouble> = {
    errors: () => ({ fails: Math.random() < ERROR_SHARE, waitMs: 0 }),
    slow: () => ({ fails: false, waitMs: Math.random() < SLOW_SHARE ? SLOW_MS : 0 }),
    grows: () => {
      kept.push(Buffer.alloc(KEPT_BYTES_PER_REQUEST, 1));
      return NONE;
    },
    'dies-under-load': () => {
      const now = Math.floor(performance.now() / 1000);
      inThisSecond = now === second ? inThisSecond + 1 : 1;
      second = now;
      if (inThisSecond >= DEADLY_REQUESTS_PER_SECOND) die();
      return NONE;
    },
    'errors-for-some': (user) => ({ fails: hashText(user, 17) % TROUBLED_USERS === 0, waitMs: 0 }),
  };
  return fault === null ? () => NONE : troubles[fault];
}
