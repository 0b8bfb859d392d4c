import { MlopsError } from '../../domain/errors.ts';
import type { RolloutStatus } from '../../workflows/messages.ts';
import type { RolloutAction } from './actions.ts';

/** Share of the users before an action, and where the action leads, percent. */
export interface ActionCourse {
  readonly fromPercent: number;
  readonly toPercent: number;
}

/** Where an action leads from a status. */
export function foreseeAction(kind: RolloutAction['kind'], status: RolloutStatus, full: boolean): ActionCourse {
  const { intendedWeightPercent: fromPercent, steps, step, waitingFor } = status;
  const isAtGate = waitingFor?.kind === 'gate';
  // One of several who have to agree moves nothing.
  const isLast = (status.requests?.find(({ about }) => about === 'gate')?.missing ?? 1) <= 1;
  const next = full ? undefined : steps[step.index + (isAtGate ? 0 : 1)];
  // A shadow step's weight is that of its copies: no user is on it.
  const nextPercent = next?.kind === 'shadow' ? 0 : (next?.weightPercent ?? 100);
  if (kind === 'abort' || kind === 'deny') return { fromPercent, toPercent: 0 };
  if (kind === 'promote' || (kind === 'approve' && isAtGate && isLast)) return { fromPercent, toPercent: nextPercent };
  return { fromPercent, toPercent: fromPercent };
}

/**
 * Refuses what the rollout would refuse, as far as its status says so.
 *
 * @throws ROLLOUT_REFUSED_ACTION
 */
export function assertActionFits(kind: RolloutAction['kind'], status: RolloutStatus): void {
  const { model } = status;
  if (status.outcome !== null) throw refused(kind, model, 'the rollout has ended', 'See how it ended', 'status');
  const problem = problemOf(kind, status);
  if (problem !== null) throw refused(kind, model, problem, 'See what it waits for', 'explain');
}

function problemOf(kind: RolloutAction['kind'], { phase, waitingFor, profile }: RolloutStatus): string | null {
  if (phase === 'rolling-back' || phase === 'closed') return `the rollout is ${phase}`;
  const waits = waitingFor?.kind ?? 'nothing';
  if (kind === 'approve' || kind === 'deny')
    return waits === 'nothing' || waits === 'pause-step' ? 'nothing waits for an approval' : null;
  if (kind === 'pause') return waits === 'resume' ? 'already paused' : null;
  if (kind === 'resume') return waits === 'nothing' || waits === 'gate' ? 'it is not paused' : null;
  if (kind === 'abort') return null;
  if (profile === 'a/a') return 'it is an A/A run: there is nothing to promote';
  if (phase === 'validating') return 'pre-flight has not passed yet';
  if (waits === 'review') return 'a review is open: approve or deny it first';
  return waits === 'resume' ? 'it is paused: resume it first' : null;
}

function refused(kind: string, model: string, problem: string, see: string, verb: string): MlopsError {
  const action = kind.charAt(0).toUpperCase() + kind.slice(1);
  const remedy = `${see}: \`mlops rollout ${verb} --model ${model}\``;
  return new MlopsError('ROLLOUT_REFUSED_ACTION', { action, model, problem, remedy });
}
