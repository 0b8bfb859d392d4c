import { createLocalClock } from '../adapters/clock/local-clock.ts';
import { createAccessWatch } from '../adapters/postgres/ledger/access-watch.ts';
import type { EvidenceParts } from '../adapters/postgres/rollout-store.ts';
import type { AccessWatchStore } from '../activities/access-watch.ts';
import type { MlopsConfig } from '../config/schema.ts';

/** The watch over who does what; null when it is turned off. */
export function composeAccessWatch(
  { accessWatch }: Pick<MlopsConfig, 'accessWatch'>,
  evidence: EvidenceParts,
): AccessWatchStore | null {
  const { isEnabled, rules, timeZone } = accessWatch;
  return isEnabled ? createAccessWatch(evidence, { rules, localTime: createLocalClock(timeZone) }) : null;
}
