import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { MLOPS_SEARCH_ATTRIBUTES } from '../search-attributes.ts';
import type { RolloutPhase } from '../messages.ts';
import type { RolloutContext } from './context.ts';
import { renderDetails } from './details.ts';
import { statusOf } from './status.ts';

/** Changes the phase and shows it everywhere a person may look. */
export function setPhase(context: RolloutContext, phase: RolloutPhase): void {
  context.phase = phase;
  refreshPanel(context);
}

/** Rewrites the details panel of the Temporal Web UI, and the search attributes when they changed. */
export function refreshPanel(context: RolloutContext): void {
  settlePhase(context);
  const status = statusOf(context, workflowInfo());
  setCurrentDetails(renderDetails(status));
  const shown = [status.phase, status.intendedWeightPercent, status.lastVerdict?.verdict, status.waitingFor?.kind].join(
    '|',
  );
  if (shown === context.shown) return;
  context.shown = shown;
  upsertSearchAttributes([
    { key: MLOPS_SEARCH_ATTRIBUTES.phase, value: status.phase },
    { key: MLOPS_SEARCH_ATTRIBUTES.verdict, value: status.lastVerdict?.verdict ?? 'inconclusive' },
    { key: MLOPS_SEARCH_ATTRIBUTES.weight, value: Math.round(status.intendedWeightPercent) },
    {
      key: MLOPS_SEARCH_ATTRIBUTES.needsApproval,
      value: status.waitingFor?.kind === 'gate' || status.waitingFor?.kind === 'review',
    },
  ]);
}

/** `paused` and `canary` follow from what is remembered; the other phases are set by the stages. */
function settlePhase(context: RolloutContext): void {
  const { run, phase } = context;
  const frozen = run.review !== null || run.pausedBy !== null;
  if (frozen && (phase === 'canary' || phase === 'awaiting-approval' || phase === 'promoting'))
    context.phase = 'paused';
  if (!frozen && phase === 'paused') context.phase = run.stage === 'gate' ? 'awaiting-approval' : 'canary';
}
