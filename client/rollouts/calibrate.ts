import { readFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import type { MlopsConfig } from '../../config/schema.ts';
import { writeCalibration, type WrittenCalibration } from '../../config/write-calibration.ts';
import { MlopsError, messageOf } from '../../domain/errors.ts';
import { ownValue } from '../../domain/own-value.ts';
import { calibrateNoise, type Calibration } from '../../domain/rollout/calibration/calibrate.ts';
import type { NoiseFit } from '../../domain/rollout/calibration/fit-noise.ts';
import {
  assembleSeries,
  COUNT_METRICS,
  findHistoryGap,
  type CountMetric,
  type CountSeries,
  type HistoryTick,
} from '../../domain/rollout/calibration/history.ts';
import type { EvidenceReader } from '../evidence-port.ts';
import { assembleJudgePolicy } from './judge-policy.ts';
import { parseHistory } from './parse-history.ts';
import type { CalibrationOrder } from './rollout-input.ts';

/** What a service's own history says of its noise. */
export interface Calibrated {
  readonly model: string;
  /** The history, in words. */
  readonly source: string;
  readonly tickSeconds: number;
  readonly errorBudget: number;
  /** Metrics that were left out, and what they lack. */
  readonly left: readonly string[];
  /** The fastest assumption that keeps the error budget, by name; null when none does. */
  readonly chosen: string | null;
  /** It keeps it on the later half too, which had no say. */
  readonly proved: boolean;
  readonly calibration: Calibration;
  /** The file that it was written to; null when it was not. */
  readonly written: string | null;
  /** Whether evidence may roll back by itself now; there when it was written. */
  readonly armed?: boolean;
  /** What would be written; there when it could be and was not. */
  readonly wouldWrite?: WrittenCalibration;
}

/** What a calibration needs of the system. */
export interface CalibrationParts {
  config(): Promise<MlopsConfig>;
  evidence(): Promise<Pick<EvidenceReader, 'history'>>;
  /** What names of files are relative to. */
  readonly workingDirectory: string;
}

const DEFAULT_TICK_SECONDS = 60;

/**
 * Fits the noise of a service and chooses the assumption that keeps the error budget. Seconds of work for this process.
 *
 * @throws INPUT_UNREADABLE, HISTORY_INVALID, CALIBRATION_HISTORY_SHORT, DATABASE_UNREACHABLE
 */
export async function calibrate(parts: CalibrationParts, order: CalibrationOrder): Promise<Calibrated> {
  const { model, write = false } = order;
  const config = await parts.config();
  const tickSeconds = config.deployment.profiles['default']?.tickSeconds ?? DEFAULT_TICK_SECONDS;
  const { source, ticks } = await loadHistory(parts, order, tickSeconds);
  const { left, series } = chooseSeries(ticks, order);
  const policy = assembleJudgePolicy(config, tickSeconds, model);
  const known = config.deployment.noiseAssumptions;
  const calibration = calibrateNoise(series, { policy, known, seed: `${config.environment}/${model}` });
  const { chosen, proved } = calibration;
  const found = { model, source, tickSeconds, errorBudget: policy.errorBudget, left };
  const result = { ...found, chosen: chosen?.name ?? null, proved, calibration, written: null };
  if (chosen === null || !proved) return result;
  const wanted = writtenOf(found, calibration, Object.hasOwn(known, chosen.name));
  if (!write) return { ...result, wouldWrite: wanted };
  const written = relative(parts.workingDirectory, writeCalibration(config.root, wanted));
  return { ...result, written, armed: ownValue(config.deployment.models, model)?.calibration?.armed ?? true };
}

async function loadHistory(
  parts: CalibrationParts,
  { input, model, since }: CalibrationOrder,
  tickSeconds: number,
): Promise<{ readonly ticks: readonly HistoryTick[]; readonly source: string }> {
  if (input !== undefined)
    return {
      ticks: parseHistory(input, await read(parts, input)),
      source: input === '-' ? 'standard input' : input,
    };
  const from = since === undefined ? null : new Date(since);
  const { environment } = await parts.config();
  const evidence = await parts.evidence();
  const ticks = await evidence.history(environment, model, { tickSeconds, since: from, newest: null });
  return { ticks, source: `recorded looks${from === null ? '' : ` since ${from.toISOString()}`}` };
}

async function read({ workingDirectory }: CalibrationParts, file: string): Promise<string> {
  return await readFile(file === '-' ? '/dev/stdin' : resolve(workingDirectory, file), 'utf8').catch(
    (error: unknown) => {
      throw new MlopsError('INPUT_UNREADABLE', { file, problem: messageOf(error) });
    },
  );
}

/** A metric that was asked for by name must be long enough; without one, errors must be and slowness is left out when it is not. */
function chooseSeries(ticks: readonly HistoryTick[], { metrics = [], model }: CalibrationOrder) {
  const series: (readonly [CountMetric, CountSeries])[] = [];
  const left: string[] = [];
  for (const metric of metrics.length === 0 ? COUNT_METRICS : metrics) {
    const one = assembleSeries(ticks, metric);
    const gap = findHistoryGap(one, metric);
    if (gap === null) series.push([metric, one]);
    else if (metric === 'errors' || metrics.length > 0)
      throw new MlopsError('CALIBRATION_HISTORY_SHORT', { model, ...gap });
    else left.push(`${metric}: ${gap.value} ${gap.what}, wanted at least ${gap.wanted}`);
  }
  return { series, left };
}

function writtenOf(
  { model, source, tickSeconds }: Pick<Calibrated, 'model' | 'source' | 'tickSeconds'>,
  { chosen, fits, proof }: Calibration,
  isNamed: boolean,
): WrittenCalibration {
  if (chosen === null) throw new RangeError('Nothing was chosen');
  const atMost = Math.max(...proof.flatMap(({ even, ramp }) => [even.high, ramp.high]));
  return {
    model,
    noise: isNamed ? chosen.name : chosen.assumption,
    calibration: {
      fitted_at: new Date().toISOString(),
      ticks: Math.max(...fits.map(({ first, later }) => first.ticks + later.ticks)),
      source,
      false_rollbacks_at_most: rounded(atMost),
      fitted: Object.fromEntries(fits.map(({ metric, first }) => [metric, numbersOf(first, tickSeconds / 60)])),
    },
  };
}

function numbersOf({ rate, fastCv, bursts, drift }: NoiseFit, minutesPerTick: number) {
  return {
    rate: rounded(rate),
    fast_cv: rounded(fastCv.value),
    bursts:
      bursts === null
        ? null
        : {
            factor: rounded(bursts.factor.value),
            mean_minutes: rounded(bursts.meanTicks.value * minutesPerTick),
            share: rounded(bursts.share.value),
          },
    drift: rounded(drift),
  };
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
