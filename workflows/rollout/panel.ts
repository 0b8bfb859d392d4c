import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { MLOPS_SEARCH_ATTRIBUTES } from '../search-attributes.ts';
import type { RolloutPhase, RolloutStatus } from '../messages.ts';
import type { RolloutContext } from './context.ts';
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
  setCurrentDetails(renderPanel(status));
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

function renderPanel(status: RolloutStatus): string {
  const lines = [
    `**${status.model}** ${status.fromVersion} → ${status.toVersion} · ${status.phase}`,
    '',
    `Weight **${status.intendedWeightPercent} %** (observed ${status.observedWeightPercent ?? '?'} %), step ${status.step.index + 1} of ${status.step.of}, ${status.step.requests} canary requests`,
  ];
  if (status.lastVerdict !== null) {
    lines.push(
      '',
      `Last verdict: **${status.lastVerdict.verdict}** (${status.lastVerdict.decision}). ${status.lastVerdict.reasons[0] ?? ''}`,
    );
    lines.push('', '| metric | canary | control | evidence of harm | of safety |', '| --- | --- | --- | --- | --- |');
    for (const metric of status.lastVerdict.metrics) {
      lines.push(
        `| ${metric.name} | ${rate(metric.canary)} | ${rate(metric.control)} | ${metric.evidence.toFixed(2)} | ${metric.safe?.toFixed(1) ?? '-'} |`,
      );
    }
  }
  if (status.waitingFor !== null)
    lines.push('', `**Waiting for a person**: ${status.waitingFor.reason}. \`${status.waitingFor.answer}\``);
  else if (status.missing.length > 0) lines.push('', `Next step needs: ${status.missing.join('; ')}`);
  if (status.reason !== null) lines.push('', `Ended ${status.outcome}: ${status.reason}`);
  return lines.join('\n');
}

function rate(value: number | null): string {
  return value === null ? '-' : value.toPrecision(3);
}
