import type { RolloutStatus } from '../../workflows/messages.ts';
import { metricLine } from './rollout-status.ts';

/** In words: where a rollout stands, why, and what would change that. */
export function renderExplanation(status: RolloutStatus): string {
  return [...where(status), ...why(status), ...whatWouldChangeIt(status)].join('\n');
}

function where(status: RolloutStatus): string[] {
  const versions = `${status.model} ${status.fromVersion} → ${status.toVersion}`;
  if (status.outcome !== null)
    return [`${versions} ended ${status.outcome}: ${status.reason ?? 'no reason recorded'}.`];
  const step = `step ${status.step.index + 1} of ${status.step.of} (${status.step.kind})`;
  return [
    `${versions} is in phase ${status.phase}, ${step}, with ${status.intendedWeightPercent} % of the users on ${status.toVersion}.`,
  ];
}

function why(status: RolloutStatus): string[] {
  const { lastVerdict } = status;
  const lines: string[] = [];
  if (status.waitingFor !== null)
    lines.push(`It waits for a person since ${status.waitingFor.since}: ${status.waitingFor.reason}.`);
  if (lastVerdict === null) return [...lines, 'Nothing has been judged yet.'];
  lines.push(
    `The last look (number ${lastVerdict.tick}, ${lastVerdict.at}) says ${lastVerdict.verdict}, decision ${lastVerdict.decision}:`,
  );
  for (const reason of lastVerdict.reasons) lines.push(`  - ${reason}`);
  for (const metric of lastVerdict.metrics) lines.push(`  - ${metricLine(metric)}`);
  return lines;
}

function whatWouldChangeIt(status: RolloutStatus): string[] {
  if (status.outcome === 'promoted')
    return [`Take it back with: mlops rollout start --model ${status.model} --to ${status.fromVersion}`];
  if (status.outcome !== null) return [`What was judged and why: mlops rollout receipt --model ${status.model}`];
  if (status.waitingFor !== null)
    return [
      `It goes on after: ${status.waitingFor.answer}`,
      `Analysis goes on meanwhile: evidence of harm still rolls back.`,
    ];
  const lines = status.missing.map((missing) => `  - ${missing}`);
  const next =
    lines.length === 0
      ? ['Nothing is missing: the next step is entered at the next beat.']
      : ['The next step needs:', ...lines];
  return [
    ...next,
    'Total evidence of harm that reaches the limit (20 at an error budget of 5 %) rolls back at once, whatever the window.',
    `Without enough evidence it rolls back at ${status.deadlineAt}.`,
  ];
}
