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
  return (user) => {
    switch (fault) {
      case null:
        return NONE;
      case 'errors':
        return { fails: Math.random() < ERROR_SHARE, waitMs: 0 };
      case 'slow':
        return { fails: false, waitMs: Math.random() < SLOW_SHARE ? SLOW_MS : 0 };
      case 'grows':
        kept.push(Buffer.alloc(KEPT_BYTES_PER_REQUEST, 1));
        return NONE;
      case 'errors-for-some':
        return { fails: hashText(user, 17) % TROUBLED_USERS === 0, waitMs: 0 };
      case 'dies-under-load': {
        const now = Math.floor(performance.now() / 1000);
        inThisSecond = now === second ? inThisSecond + 1 : 1;
        second = now;
        if (inThisSecond >= DEADLY_REQUESTS_PER_SECOND) die();
        return NONE;
      }
    }
  };
}
