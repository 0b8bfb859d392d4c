import type { MetricVerdict } from '../../domain/rollout/judge/describe.ts';
import { renderSize } from './evidence-size.ts';
import type { RolloutStatus, VerdictStatus } from '../../workflows/messages.ts';

/** Colours for a terminal; plain text without one. */
export interface Paint {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly bold: (text: string) => string;
}

const same = (text: string): string => text;
export const PLAIN: Paint = { good: same, bad: same, dim: same, bold: same };

const LABEL_WIDTH = 14;

/** Header and step tree of a rollout, for a terminal; ends without a line break. */
export function renderStatus(status: RolloutStatus, paint: Paint = PLAIN): string {
  return [
    ...renderHeader(status, paint),
    '',
    ...renderSteps(status, paint),
    ...renderVerdict(status, paint),
    ...renderTail(status, paint),
  ].join('\n');
}

function renderHeader(status: RolloutStatus, paint: Paint): string[] {
  const rows: [string, string][] = [
    ['Rollout', `${paint.bold(status.model)} (${status.environment})`],
    ['Status', stateOf(status, paint)],
    ['Versions', `${status.fromVersion} (stable) → ${status.toVersion} (canary)`],
    ['Step', `${status.step.index + 1}/${status.step.of}`],
    ['Set weight', `${status.intendedWeightPercent} %`],
    ['Actual weight', status.observedWeightPercent === null ? 'not observed yet' : `${status.observedWeightPercent} %`],
    ['Started', `${status.startedAt} by ${status.startedBy}, profile ${status.profile}`],
    ['Health', `stable ${status.health.stable}; canary ${status.health.canary}`],
    // Rollouts that began before it was kept have none.
    ...(status.noise ? [['Noise', status.noise.text] as [string, string]] : []),
  ];
  return rows.map(([label, value]) => `${`${label}:`.padEnd(LABEL_WIDTH + 2)}${value}`);
}

function stateOf(status: RolloutStatus, paint: Paint): string {
  if (status.outcome === 'promoted' || status.outcome === 'completed') return paint.good(`✔ ${status.outcome}`);
  if (status.outcome !== null) return paint.bad(`✖ ${status.outcome}: ${status.reason ?? ''}`);
  if (status.waitingFor !== null) return `॥ ${status.phase}: waits for a person (${status.waitingFor.reason})`;
  return `◌ ${status.phase}`;
}

function renderSteps(status: RolloutStatus, paint: Paint): string[] {
  const last = status.steps.length - 1;
  const lines = status.steps.map((step, index) => {
    const mark = markOf(status, index, paint);
    const branch = index === last ? '└─' : '├─';
    const name =
      step.kind === 'weight' || step.kind === 'shadow' || step.kind === 'bake'
        ? `${step.kind} ${step.weightPercent} %`
        : step.kind;
    const here = index === status.step.index && status.outcome === null ? positionOf(status) : '';
    return `${branch} ${mark} ${name.padEnd(16)}${step.gate ? '(gate) ' : ''}${here}`.trimEnd();
  });
  return ['NAME', ...lines];
}

function positionOf(status: RolloutStatus): string {
  const requests = `${status.step.requests}/${status.step.minimumRequests} requests`;
  return status.step.endsAt === null ? requests : `${requests}, window ends ${status.step.endsAt}`;
}

function markOf(status: RolloutStatus, index: number, paint: Paint): string {
  if (status.outcome === 'promoted' || status.outcome === 'completed' || index < status.step.index)
    return paint.good('✔');
  if (index > status.step.index) return paint.dim('·');
  if (status.outcome !== null) return paint.bad('✖');
  return status.waitingFor === null ? '◌' : '॥';
}

function renderVerdict(status: RolloutStatus, paint: Paint): string[] {
  const { lastVerdict } = status;
  if (lastVerdict === null) return [];
  const rows = linesOf(lastVerdict).map((line) => `   ${line}`);
  const word =
    lastVerdict.verdict === 'pass'
      ? paint.good('pass')
      : lastVerdict.verdict === 'fail'
        ? paint.bad('fail')
        : lastVerdict.verdict;
  return ['', `Look ${lastVerdict.tick}: ${word} (${lastVerdict.decision})`, ...rows];
}

/** Every metric of a verdict, and the overlap of mirrored answers, a line each. */
export function linesOf({ metrics, overlap }: Pick<VerdictStatus, 'metrics' | 'overlap'>): string[] {
  const lines = metrics.map(metricLine);
  return overlap === undefined ? lines : [...lines, `${'overlap'.padEnd(8)} ${overlap.verdict}: ${overlap.reason}`];
}

/** One metric of a verdict on one line. */
function metricLine(metric: MetricVerdict): string {
  const limit = metric.limit === null ? '' : `, limit ${show(metric.limit)}`;
  const safe = metric.safe === null ? '' : `, of safety ${renderSize(metric.safe)}`;
  const shown = metric.dryRun ? ' (shown only)' : '';
  return `${metric.name.padEnd(8)} canary ${show(metric.canary)} control ${show(metric.control)}${limit}; evidence of harm ${renderSize(metric.evidence)}${safe}; ${metric.requests} requests${shown}`;
}

function show(value: number | null): string {
  return value === null ? '-' : Number(value.toPrecision(3)).toString();
}

function renderTail(status: RolloutStatus, paint: Paint): string[] {
  if (status.waitingFor !== null) return ['', `Answer with: ${paint.bold(status.waitingFor.answer)}`];
  if (status.missing.length > 0) return ['', `Next step needs: ${status.missing.join('; ')}`];
  return [];
}
