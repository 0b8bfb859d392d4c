import { draftOfSampledRead, type SampledRead } from '../../../domain/governance/access-drafts.ts';
import type { EventActor } from '../../../domain/governance/event-draft.ts';
import type { EvidenceParts } from '../rollout-store.ts';

/**
 * Readings are many: a share of them is written down, each by chance, before anything is given out.
 *
 * @param chance 0 to 1
 */
export async function sampleRead(
  { ledger }: Pick<EvidenceParts, 'ledger'>,
  chance: number,
  read: SampledRead,
  actor: EventActor,
): Promise<void> {
  if (Math.random() < chance) await ledger.append(draftOfSampledRead(read, actor));
}
