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
      'Analysis goes on meanwhile.',
      ...whatEvidenceDoes(status),
    ];
  const lines = status.missing.map((missing) => `  - ${missing}`);
  const next =
    lines.length === 0
      ? ['Nothing is missing: the next step is entered at the next beat.']
      : ['The next step needs:', ...lines];
  return [...next, ...whatEvidenceDoes(status), `Without enough evidence it rolls back at ${status.deadlineAt}.`];
}

/** Rollouts that began before it was kept roll back at the limit of the default budget. */
const BEFORE = { on: true, armed: null, limit: 20, holds: [] } as const;

function whatEvidenceDoes(status: RolloutStatus): string[] {
  const { on, limit, holds } = status.automaticRollback ?? BEFORE;
  const budget = Number((100 / limit).toPrecision(3));
  const total = `Total evidence of harm that reaches the limit (${size(limit)} at an error budget of ${budget} %)`;
  return [...whatTotalDoes(status, total, on, holds), ...noiseOf(status)];
}

function whatTotalDoes(status: RolloutStatus, total: string, on: boolean, holds: readonly string[]): string[] {
  if (!on)
    return [
      `${total} freezes the weight and pages, and so do failed health checks of ${status.toVersion}: auto_rollback is off.`,
      `Nothing but the deadline takes traffic back by itself; a person does with: mlops rollout abort --model ${status.model}`,
    ];
  const rollsBack = `${total} rolls back at once, whatever the window`;
  if (status.noise?.armed === false)
    return [
      `${rollsBack}, but for errors and slowness: they freeze the weight and page. The error ceiling, scores and failed health checks do roll back.`,
    ];
  return [
    holds.length === 0 ? `${rollsBack}.` : `${rollsBack}; that of ${holds.join(', ')} freezes the weight and asks.`,
  ];
}

function size(limit: number): string {
  return String(Number(limit.toPrecision(3)));
}

function noiseOf({ model, noise, automaticRollback }: RolloutStatus): string[] {
  if (!noise) return [];
  const arm =
    noise.armed || automaticRollback?.on === false
      ? []
      : [`Arm it with: mlops rollout calibrate --model ${model} --write`];
  return [`Noise: ${noise.text}.`, ...arm];
}
