import { isMlopsError, type ErrorCode } from '../../../domain/errors.ts';
import { draftOfRefusal } from '../../../domain/governance/access-drafts.ts';
import type { EventActor } from '../../../domain/governance/event-draft.ts';
import type { EvidenceParts } from '../rollout-store.ts';

/** What is tried, by whom. */
export interface Attempt {
  /** Its exact name: `model.promote`. */
  readonly action: string;
  readonly resource: string;
  readonly actor: EventActor;
}

/** Typing errors and outages refuse nobody. */
const NO_REFUSALS: readonly ErrorCode[] = ['DATABASE_UNREACHABLE', 'LEDGER_BUSY', 'LEDGER_CLOSED', 'USAGE_INVALID'];

/** Does something; when a rule refuses it, that is an event, and the refusal is thrown on. */
export async function refusalsRecorded<T>(
  { ledger }: Pick<EvidenceParts, 'ledger'>,
  { action, actor, resource }: Attempt,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isRefusal =
      isMlopsError(error) && !error.retryable && error.exitCode >= 3 && !NO_REFUSALS.includes(error.code);
    if (isRefusal) {
      const { code, message: problem } = error;
      await ledger.append(draftOfRefusal({ action, resource, code, problem }, actor));
    }
    throw error;
  }
}
