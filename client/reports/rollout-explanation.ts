import type { RolloutStatus } from '../../workflows/messages.ts';
import { linesOf } from './rollout-status.ts';

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
  for (const line of linesOf(lastVerdict)) lines.push(`  - ${line}`);
  return lines;
}

function whatWouldChangeIt(status: RolloutStatus): string[] {
  if (status.outcome === 'promoted')
    return [`Take it back with: mlops rollout start --model ${status.model} --to ${status.fromVersion}`];
  if (status.outcome === 'completed') return [`Fit its looks with: mlops rollout calibrate --model ${status.model}`];
  if (status.outcome !== null) return [`What was judged and why: mlops rollout receipt --model ${status.model}`];
  if (status.waitingFor !== null)
    return [
      `It goes on after: ${status.waitingFor.answer}`,
      ...(status.noise?.armed === false
        ? whatEvidenceDoes(status)
        : [`Analysis goes on meanwhile: evidence of harm still rolls back.`, ...noiseOf(status)]),
    ];
  const lines = status.missing.map((missing) => `  - ${missing}`);
  const next =
    lines.length === 0
      ? ['Nothing is missing: the next step is entered at the next beat.']
      : ['The next step needs:', ...lines];
  return [...next, ...whatEvidenceDoes(status), `Without enough evidence it rolls back at ${status.deadlineAt}.`];
}

function whatEvidenceDoes(status: RolloutStatus): string[] {
  const rollsBack =
    'Total evidence of harm that reaches the limit (20 at an error budget of 5 %) rolls back at once, whatever the window';
  if (status.noise?.armed === false)
    return [
      `${rollsBack}, but for errors and slowness: they freeze the weight and page. The error ceiling, scores and failed health checks do roll back.`,
      ...noiseOf(status),
    ];
  return [`${rollsBack}.`, ...noiseOf(status)];
}

function noiseOf({ model, noise }: RolloutStatus): string[] {
  if (!noise) return [];
  const arm = noise.armed ? [] : [`Arm it with: mlops rollout calibrate --model ${model} --write`];
  return [`Noise: ${noise.text}.`, ...arm];
}
