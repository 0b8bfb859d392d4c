import { LATTICE_STEP } from '../judge/count-kernel.ts';
import type { NoiseAssumption, NoiseKind } from '../judge/noise.ts';
import type { NoiseFit } from './fit-noise.ts';

/** Bursts up to this factor, natural log, can be told apart (file-schema.ts has the same limit). */
const LARGEST_RANGE_LOG = 3;
const EVENT_CAP = 100;
/** Above that a burst is the level. */
const LARGEST_SHARE = 0.9;

/** Room for what the fit missed, in the numbers that matter most; found on streams that no bench of the judge uses. */
interface Width {
  readonly name: string;
  /** Spread of the calm kind as a multiple of the fitted one. */
  readonly calmSpread: number;
  /** Bursts of the calm kind as a multiple of the fitted share. */
  readonly calmShare: number;
  /** How much taller bursts may be, steps of the lattice. */
  readonly tallerSteps: number;
  /** How many times as long they may last. */
  readonly longer: number;
}

const WIDTHS: readonly Width[] = [
  { name: 'fitted', calmSpread: 0, calmShare: 0.5, tallerSteps: 0, longer: 1 },
  { name: 'fitted-wide', calmSpread: 0.5, calmShare: 1, tallerSteps: 1, longer: 1 },
  { name: 'fitted-wider', calmSpread: 0.5, calmShare: 1, tallerSteps: 1, longer: 2 },
  { name: 'fitted-widest', calmSpread: 1, calmShare: 1.6, tallerSteps: 2, longer: 3 },
];

/**
 * Noise assumptions around what was fitted, narrowest first.
 *
 * As with the shipped ones, the kinds differ in their bursts (docs/adr/0016-kinds-of-noise.md): a calm kind, one with the
 * fitted noise, and one that is rougher than anything seen.
 *
 * @param fits one per metric; the noisiest number of each counts
 * @param minutesPerTick above 0
 */
export function assembleCandidates(
  fits: readonly NoiseFit[],
  minutesPerTick: number,
): (readonly [name: string, assumption: NoiseAssumption])[] {
  const largest = (pick: (fit: NoiseFit) => number): number => fits.reduce((most, fit) => Math.max(most, pick(fit)), 0);
  const fitted = {
    sdLog: largest(({ fastCv }) => sdOfRatio(fastCv.value)),
    factor: largest(({ bursts }) => bursts?.factor.value ?? 1),
    ticks: largest(({ bursts }) => bursts?.meanTicks.value ?? 1),
    minutesPerTick,
    share: largest(({ bursts }) => bursts?.share.value ?? 0),
  };
  return WIDTHS.map((width) => [width.name, assumptionOf(fitted, width)] as const);
}

/** The mean length in minutes at which a burst ends at a tick as often as one of this many ticks does. */
function minutesOf(meanTicks: number, minutesPerTick: number): number {
  return 1 / (1 - (1 - 1 / meanTicks) ** (1 / minutesPerTick));
}

/** Spread of the log ratio of two arms that each have Gamma noise of this CV (log-normal of the same CV). */
function sdOfRatio(cv: number): number {
  return Math.sqrt(2 * Math.log1p(cv * cv));
}

function assumptionOf(
  fitted: {
    readonly sdLog: number;
    readonly factor: number;
    readonly ticks: number;
    readonly share: number;
    readonly minutesPerTick: number;
  },
  width: Width,
): NoiseAssumption {
  const { sdLog, factor } = fitted;
  // Either arm may be in a burst while the other is not.
  const share = 2 * fitted.share * (1 - fitted.share);
  const ticks = Math.max(1, fitted.ticks) * width.longer;
  const kind = (fastSdLog: number, burstShare: number, meanTicks: number): NoiseKind => ({
    fastSdLog: round(fastSdLog),
    burstShare: round(Math.min(LARGEST_SHARE, burstShare)),
    burstMeanMinutes: roundMinutes(minutesOf(meanTicks, fitted.minutesPerTick)),
    burstFullEventsPerTick: 1,
  });
  const steps = Math.max(1, Math.round(Math.log(factor) / LATTICE_STEP) + width.tallerSteps);
  return {
    kinds: [
      kind(width.calmSpread * sdLog, width.calmShare * share, ticks),
      kind(sdLog, 1.5 * share, ticks),
      kind(1.5 * sdLog + 0.2, 2.5 * share, 3 * ticks),
    ],
    burstRangeLog: round(Math.min(LARGEST_RANGE_LOG, LATTICE_STEP * steps)),
    eventCapPerTick: EVENT_CAP,
  };
}

function round(value: number): number {
  return Number(value.toFixed(4));
}

/** Bursts of seconds differ from each other far behind the point: 1.000003 minutes end at every fifth tick of a second. */
function roundMinutes(minutes: number): number {
  return minutes < 1.01 ? Number(minutes.toPrecision(10)) : round(minutes);
}
