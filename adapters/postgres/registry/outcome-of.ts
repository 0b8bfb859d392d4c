import type { StageOutcome } from '../../../domain/registry/records.ts';
import { recordOf, type VersionRow } from './versions.ts';

/** What a change of a stage came to: nothing is missing for it. */
export function outcomeOf(
  row: VersionRow,
  environment: string,
  { from, replaced = null }: { readonly from: VersionRow['stage']; readonly replaced?: string | null },
): StageOutcome {
  return { version: recordOf(row, environment), from, replaced, awaiting: null };
}
