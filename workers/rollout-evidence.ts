import type { Pool } from 'pg';
import { sampleRead } from '../adapters/postgres/ledger/sample-read.ts';
import { createRolloutReader } from '../adapters/postgres/rollout-reader.ts';
import { draftOfSampledRead } from '../domain/governance/access-drafts.ts';
import { onceOpened } from '../domain/once-opened.ts';
import { resourceOfRollouts } from '../domain/rollout/rollout-resource.ts';
import type { Claim } from '../domain/governance/statement.ts';
import { composeAuthority, type Rules } from './authority.ts';
import { composeEvidence } from './ledger.ts';
import type { KeyPlace } from './wrapping-keys.ts';

/** The evidence of rollouts as people and programs read it: who looks is authorised, and a share of it is written down; the shape is client/evidence-port.ts. */
export function composeRolloutEvidence(config: Rules & KeyPlace, pool: Pool) {
  const reader = createRolloutReader(pool);
  // What only counts has no need of the ledger's keys.
  const opened = onceOpened(async () => await composeEvidence(config, pool));
  const look = async (claim: Claim, resource: string, verb: 'list' | 'receipt', content: unknown): Promise<void> => {
    const parts = await opened();
    const actor = await composeAuthority(config, parts).authorise(claim, { action: 'rollout.read', resource, content });
    await sampleRead(parts, config.governance.readSample, () =>
      draftOfSampledRead({ type: 'rollout.read', resource, verb }, actor),
    );
  };
  return {
    /** Numbers of looks, of nobody. */
    history: async (...asked: Parameters<typeof reader.history>) => await reader.history(...asked),
    async list(environment: string, model: string | null, limit: number, claim: Claim) {
      await look(claim, resourceOfRollouts(environment, model), 'list', { limit });
      return await reader.list(environment, model, limit);
    },
    async receipt(environment: string, model: string, rolloutKey: string | null, claim: Claim) {
      await look(claim, resourceOfRollouts(environment, model), 'receipt', { rolloutKey });
      return await reader.receipt(environment, model, rolloutKey);
    },
  };
}
