import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { MLOPS_SEARCH_ATTRIBUTES } from '../search-attributes.ts';
import type { RolloutPhase } from '../messages.ts';
import type { RolloutContext } from './context.ts';
import { renderDetails } from './details.ts';
import { phaseOf, statusOf } from './status.ts';

/** Changes the phase and shows it everywhere a person may look. */
export function setPhase(context: RolloutContext, phase: RolloutPhase): void {
  context.phase = phase;
  refreshPanel(context);
}

/** Rewrites the details panel of the Temporal Web UI, and the search attributes when they changed. */
export function refreshPanel(context: RolloutContext): void {
  context.phase = phaseOf(context);
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
