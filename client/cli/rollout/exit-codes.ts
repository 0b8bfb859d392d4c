import type { RolloutResult, RolloutStatus } from '../../../workflows/messages.ts';
import type { ExitCode } from '../command.ts';

/** Exit code of a rollout that ended (contract §2). */
export function exitCodeOf({ outcome, reason }: Pick<RolloutResult, 'outcome' | 'reason'>): ExitCode {
  if (outcome === 'promoted' || outcome === 'completed') return 0;
  if (outcome === 'failed') return exitCodeOfFailure(reason);
  return reason.startsWith('inconclusive') ? 7 : 3;
}

function exitCodeOfFailure(reason: string): ExitCode {
  if (reason.startsWith('NOT_AUTH')) return 4;
  if (reason.startsWith('PREFLIGHT_NO_TELEMETRY')) return 7;
  return reason.startsWith('PREFLIGHT_') ? 3 : 1;
}

/** Exit code of a look at a rollout: how it ended, 6 when it waits for a person, 0 while it goes its way. */
export function exitCodeOfStatus(status: RolloutStatus): ExitCode {
  if (status.outcome !== null) return exitCodeOf({ outcome: status.outcome, reason: status.reason ?? '' });
  return status.waitingFor === null ? 0 : 6;
}
