import { resourceOfRollouts } from '../../domain/rollout/rollout-resource.ts';
import type { RolloutReceipt } from '../../domain/rollout/receipt.ts';
import type { EvidenceReader, RolloutSummary } from '../evidence-port.ts';
import type { CurrentIdentity } from '../identity-port.ts';

interface Parts {
  readonly evidence: Pick<EvidenceReader, 'list' | 'receipt'>;
  /** Who looks. */
  readonly who: CurrentIdentity;
}

/** Rollouts of an environment, newest first. @throws as `EvidenceReader.list` */
export async function listRollouts(
  { evidence, who }: Parts,
  {
    environment,
    limit,
    model,
  }: { readonly environment: string; readonly model: string | null; readonly limit: number },
): Promise<readonly RolloutSummary[]> {
  const resource = resourceOfRollouts(environment, model);
  const claim = who.claim({ action: 'rollout.read', resource, content: { limit } });
  return await evidence.list(environment, model, limit, claim);
}

/** The receipt of one rollout, or with null of a model's newest; null when there is none. @throws as `EvidenceReader.receipt` */
export async function readReceipt(
  { evidence, who }: Parts,
  {
    environment,
    model,
    rolloutKey,
  }: { readonly environment: string; readonly model: string; readonly rolloutKey: string | null },
): Promise<RolloutReceipt | null> {
  const resource = resourceOfRollouts(environment, model);
  const claim = who.claim({ action: 'rollout.read', resource, content: { rolloutKey } });
  return await evidence.receipt(environment, model, rolloutKey, claim);
}
