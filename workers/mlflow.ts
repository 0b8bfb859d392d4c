import type { Client } from '@temporalio/client';
import type { Pool } from 'pg';
import type { MlopsConfig } from '../config/schema.ts';
import { sourceOfCall } from './act-source.ts';
import { createCallers } from './api/callers.ts';
import type { MlflowGate } from './api/mlflow.ts';
import { composeAuthority } from './authority.ts';
import { composeEvidence } from './ledger.ts';
import { onceOpened } from '../domain/once-opened.ts';
import { openAskingRegistry } from './registry.ts';
import { composeWebhooks } from './webhooks.ts';

/** The registry in the MLflow protocol, opened when it is first asked; connected when an approval has to be asked for. */
export function openMlflow(config: MlopsConfig, pool: Pool, connect: () => Promise<Client>): () => Promise<MlflowGate> {
  return onceOpened(async () => {
    const evidence = await composeEvidence(config, pool, sourceOfCall);
    const { parts, registry } = await openAskingRegistry(config, evidence, connect);
    return {
      callers: createCallers({
        evidence,
        authority: composeAuthority(config, evidence),
        trustsLoopback: config.environment !== 'production',
        advice: 'set MLFLOW_TRACKING_TOKEN',
      }),
      parts: { ...parts, registry, webhooks: await composeWebhooks(config, evidence) },
    };
  });
}
