import type { Client } from '@temporalio/client';
import type { Pool } from 'pg';
import type { MlopsConfig } from '../config/schema.ts';
import { createCallers, NO_TOKENS, type TokenVerifier } from './api/callers.ts';
import type { MlflowGate } from './api/mlflow.ts';
import { composeAuthority } from './authority.ts';
import { composeEvidence } from './ledger.ts';
import { onceOpened } from './once-opened.ts';
import { openAskingRegistry } from './registry.ts';

/** The registry in the MLflow protocol, opened when it is first asked; connected when an approval has to be asked for. */
export function openMlflow(
  config: MlopsConfig,
  pool: Pool,
  connect: () => Promise<Client>,
  tokens: TokenVerifier = NO_TOKENS,
): () => Promise<MlflowGate> {
  return onceOpened(async () => {
    const evidence = await composeEvidence(config, pool);
    const { parts, registry } = await openAskingRegistry(config, evidence, connect);
    return {
      callers: createCallers({ evidence, tokens, trustsLoopback: config.environment !== 'production' }),
      authority: composeAuthority(config, evidence),
      parts: { ...parts, registry },
    };
  });
}
