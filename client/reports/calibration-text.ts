import type { Calibration, Candidate, FalseRollbacks, Trial } from '../../domain/rollout/calibration/calibrate.ts';
import type { FittedNumber, NoiseFit } from '../../domain/rollout/calibration/fit-noise.ts';
import { renderTable } from '../cli/render-table.ts';

/** What a calibration was asked for. */
export interface CalibrationHeading {
  readonly model: string;
  readonly source: string;
  readonly tickSeconds: number;
  readonly errorBudget: number;
  /** Metrics that could not be fitted, and why. */
  readonly left: readonly string[];
}

/** A calibration for people: the fitted numbers, what was tried, what was chosen and how it was proved. */
export function renderCalibration(heading: CalibrationHeading, calibration: Calibration): string {
  const budget = `${100 * heading.errorBudget} %`;
  return [
    `Noise of ${heading.model}, fitted to ${heading.source}; 95 % intervals in brackets`,
    '',
    ...calibration.fits.flatMap(({ metric, first, later }) => [
      `${metric}, first part:  ${renderFit(first, heading.tickSeconds)}`,
      `${metric}, later part:  ${renderFit(later, heading.tickSeconds)}`,
    ]),
    ...heading.left.map((why) => `not fitted: ${why}`),
    '',
    `Assumptions, fastest first; false rollbacks of a healthy version with the noise of the first part (budget ${budget}):`,
    renderTable(
      [
        'ASSUMPTION',
        'LOOKS FOR 2X',
        'SIMULATED, EVEN',
        'SIMULATED, RAMP',
        'HISTORY AGAINST ITSELF',
        'KEEPS THE BUDGET',
      ],
      calibration.candidates.map(renderCandidate),
    ),
    '',
    ...renderChoice(heading, calibration, budget),
  ].join('\n');
}

function renderFit(fit: NoiseFit, tickSeconds: number): string {
  const bursts =
    fit.bursts === null
      ? 'no bursts'
      : `bursts x${show(fit.bursts.factor)} lasting ${show(fit.bursts.meanTicks, tickSeconds / 60)} min, ${show(fit.bursts.share, 100)} % of the time`;
  return `rate ${percent(fit.rate, 2)} of ${fit.requestsPerTick.toFixed(0)} requests a tick; tick-to-tick CV ${show(fit.fastCv)}; ${bursts}; drift x${fit.drift.toFixed(1)} (${fit.ticks} ticks, ${fit.events} events)`;
}

function show({ value, low, high }: FittedNumber, factor = 1): string {
  const text = (number: number): string => Number((number * factor).toPrecision(2)).toString();
  return low === null || high === null ? text(value) : `${text(value)} (${text(low)}-${text(high)})`;
}

function renderCandidate({ name, looksFor2x, trials }: Candidate): string[] {
  const looks = Object.values(looksFor2x).map((value) => value ?? 'not found');
  if (trials.length === 0) return [name, looks.join(', '), '-', '-', '-', 'not tried'];
  const column = (pick: (trial: Trial) => FalseRollbacks): string => trials.map(pick).map(renderShare).join(', ');
  const keeps = trials.every(({ keepsBudget }) => keepsBudget) ? 'yes' : 'no';
  return [
    name,
    looks.join(', '),
    column(({ even }) => even),
    column(({ ramp }) => ramp),
    column(({ history }) => history),
    keeps,
  ];
}

function renderShare({ hits, streams, high }: FalseRollbacks): string {
  return `${percent(hits / streams, 1)} (at most ${percent(high, 1)})`;
}

function renderChoice({ model }: CalibrationHeading, { chosen, proof, proved }: Calibration, budget: string): string[] {
  if (chosen === null)
    return [
      `No assumption keeps the budget of ${budget} for ${model}: set models.${model}.calibration.armed to false, or add a wider one under noise_assumptions.`,
    ];
  const lines = proof.map(
    ({ metric, even, ramp, history }) =>
      `On the later part, which had no say: ${metric} ${renderShare(even)} simulated, ${renderShare(ramp)} over a ramp, ${renderShare(history)} of the history.`,
  );
  if (!proved)
    return [
      ...lines,
      `\`${chosen.name}\` kept the budget of ${budget} on the first part and not on the later: the noise has changed. Calibrate again when there is more of the new.`,
    ];
  return [
    ...lines,
    `Chosen: \`${chosen.name}\`, the fastest that keeps the budget of ${budget}; a doubled rate is found after ${lookWords(chosen)}.`,
  ];
}

function lookWords({ looksFor2x }: Candidate): string {
  return Object.entries(looksFor2x)
    .map(([metric, looks]) =>
      looks === null ? `more looks than were tried (${metric})` : `${looks} looks (${metric})`,
    )
    .join(', ');
}

function percent(value: number, digits: number): string {
  return `${(100 * value).toFixed(digits)} %`;
}
