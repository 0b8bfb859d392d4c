import type { EventDraft } from '../../../domain/governance/event-draft.ts';
import type { EvidenceParts } from '../rollout-store.ts';

/**
 * Readings are many: a share of them is written down, each by chance, before anything is given out.
 *
 * @param chance 0 to 1
 * @param draftOf is asked only for a reading that is written down
 */
export async function sampleRead(
  { ledger }: Pick<EvidenceParts, 'ledger'>,
  chance: number,
  draftOf: () => EventDraft | Promise<EventDraft>,
): Promise<void> {
  if (Math.random() < chance) await ledger.append(await draftOf());
}
