import { callAdmin } from '../adapters/gateway/admin-client.ts';
import { journalFileOf, readJournal } from '../adapters/gateway/emergency-journal.ts';
import { maskJournal } from '../adapters/gateway/mask-journal.ts';
import { createEmergencyJournal } from '../adapters/postgres/emergency-ingest.ts';
import type { ForgetOutside } from '../adapters/postgres/ledger/erase.ts';
import type { EvidenceParts } from '../adapters/postgres/rollout-store.ts';
import type { MlopsConfig } from '../config/schema.ts';
import { composeAuthority } from './authority.ts';

/** What an erasure reaches outside the database: this machine's journal of emergency rollbacks, and the gateway's record. @throws ROUTER_UNREACHABLE */
export function composeForgetOutside(
  config: Pick<MlopsConfig, 'environment' | 'gateway' | 'governance' | 'stateDirectory'>,
  evidence: EvidenceParts,
): ForgetOutside {
  const { environment, stateDirectory } = config;
  const file = journalFileOf(stateDirectory);
  return async (forgotten) => {
    const parts = { ...evidence, authority: composeAuthority(config, evidence) };
    // What was journaled comes into the log first, as whoever did it: from then on the log knows who that was.
    await createEmergencyJournal(parts, environment, async () => await readJournal(file)).ingest();
    await maskJournal(file, forgotten);
    await callAdmin(config, '/v1/forgotten', forgotten);
  };
}
