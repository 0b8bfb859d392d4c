import type { RolloutStatus } from '../messages.ts';

type Metric = NonNullable<RolloutStatus['lastVerdict']>['metrics'][number];

/** A rollout as a Markdown list for the Web UI of Temporal, which shows no tables, and lists inside lists on one line. */
export function renderDetails(status: RolloutStatus): string {
  return [
    `**${plain(status.model)}** ${plain(status.fromVersion)} → ${plain(status.toVersion)}: **${status.outcome ?? status.phase}**`,
    '',
    ...needsOf(status),
    `- Share of users: **${status.intendedWeightPercent} %** (seen: ${status.observedWeightPercent === null ? 'not yet' : `${status.observedWeightPercent} %`})`,
    `- Step: ${status.step.index + 1} of ${status.step.of} (${status.step.kind}), ${requestsOf(status)}${endOf(status)}`,
    `- Health: stable ${plain(status.health.stable)}; canary ${plain(status.health.canary)}`,
    ...verdictOf(status),
    `- Started: ${time(status.startedAt)} by ${plain(status.startedBy)}, profile ${plain(status.profile)}; ends by ${time(status.deadlineAt)}`,
  ].join('\n');
}

/** What a person who looks must know first: how it ended, what it waits for, or what is missing. */
function needsOf(status: RolloutStatus): string[] {
  if (status.outcome !== null) return [`- Why: ${plain(status.reason ?? 'no reason recorded')}`];
  if (status.waitingFor !== null)
    return [
      `- **Waits for a person** since ${time(status.waitingFor.since)}: ${plain(status.waitingFor.reason)}`,
      `- Answer with: \`${status.waitingFor.answer}\``,
    ];
  return status.missing.map((missing) => `- The next step needs: ${plain(missing)}`);
}

function requestsOf({ step }: RolloutStatus): string {
  return step.minimumRequests === 0
    ? `${step.requests} requests`
    : `${step.requests} of ${step.minimumRequests} requests`;
}

function endOf({ step, outcome }: RolloutStatus): string {
  return step.endsAt === null || outcome !== null ? '' : `, window ends ${time(step.endsAt)}`;
}

function verdictOf({ lastVerdict }: RolloutStatus): string[] {
  if (lastVerdict === null) return ['- Last look: none yet'];
  const { tick, at, verdict, decision, reasons, metrics } = lastVerdict;
  return [
    `- Last look: number ${tick} at ${time(at)}: **${verdict}** (${decision})`,
    ...reasons.map((reason) => `- Why: ${plain(reason)}`),
    ...metrics.map((metric) => `- Evidence, ${lineOf(metric)}`),
  ];
}

function lineOf(metric: Metric): string {
  const safe = metric.safe === null ? '' : `, of safety ${size(metric.safe)}`;
  const control = metric.control === null ? '' : ` against ${rate(metric.control)}`;
  const limit = metric.limit === null ? '' : `, limit ${metric.limit}`;
  return `**${metric.name}**${metric.dryRun ? ' (shown only)' : ''}: ${rate(metric.canary)}${control} in ${metric.requests} requests${limit}; of harm ${size(metric.evidence)}${safe}`;
}

/** To the second, UTC. */
function time(iso: string): string {
  return `${iso.slice(0, 19).replace('T', ' ')} UTC`;
}

function rate(value: number | null): string {
  return value === null ? 'nothing' : String(Number(value.toPrecision(3)));
}

function size(value: number): string {
  return value >= 10_000 ? value.toExponential(1).replace('+', '') : String(Number(value.toPrecision(3)));
}

/** Text from outside on one line, without power over the layout. */
function plain(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(/[\\`*[\]<>]/g, String.raw`\$&`);
}
