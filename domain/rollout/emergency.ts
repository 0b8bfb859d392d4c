import type { LiveSplit } from './split.ts';

/** Idempotency keys of emergency rollbacks start with this; a running ramp yields to them (architecture D7). */
export const EMERGENCY_KEY_PREFIX = 'emergency/';

/** Whether the live split was written by `mlops rollback`. */
export function isEmergency(live: LiveSplit): boolean {
  return live.idempotencyKey.startsWith(EMERGENCY_KEY_PREFIX);
}

/** Stands where nobody said why. */
export const NO_REASON = 'no reason given';
