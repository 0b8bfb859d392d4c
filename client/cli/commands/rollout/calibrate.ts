import { relative } from 'node:path';
import { writeCalibration, type WrittenCalibration } from '../../../../config/write-calibration.ts';
import { calibrateNoise, type Calibration } from '../../../../domain/rollout/calibration/calibrate.ts';
import { ownValue } from '../../../../domain/own-value.ts';
import type { NoiseFit } from '../../../../domain/rollout/calibration/fit-noise.ts';
import { renderCalibration } from '../../../reports/calibration-text.ts';
import { assembleJudgePolicy } from '../../../rollouts/judge-policy.ts';
import type { CommandRun } from '../../command.ts';
import { chooseSeries, loadHistory, type LoadedHistory } from '../../rollout/calibration-history.ts';
import { runAa } from '../../rollout/aa-run.ts';
import { modelOf } from '../../rollout/options.ts';

const DEFAULT_TICK_SECONDS = 60;

/** `mlops rollout calibrate`: fits the noise of a service and chooses the assumption that keeps the error budget. */
export const run: CommandRun = async (context, input) => {
  const config = await context.config();
  const model = await modelOf(context, input);
  const tickSeconds = config.deployment.profiles['default']?.tickSeconds ?? DEFAULT_TICK_SECONDS;
  if (input.options['run'] === true) {
    const ended = await runAa(context, input, model);
    if (ended !== null) return ended;
  }
  const history = await loadHistory(context, input, model, tickSeconds);
  const { series, left } = chooseSeries(history, input, model);
  const policy = assembleJudgePolicy(config, tickSeconds, model);
  const known = config.deployment.noiseAssumptions;
  const calibration = calibrateNoise(series, { policy, known, seed: `${config.environment}/${model}` });
  const heading = { model, source: history.source, tickSeconds, errorBudget: policy.errorBudget, left };
  const { chosen, proved } = calibration;
  const text = renderCalibration(heading, calibration);
  const data = { ...heading, chosen: chosen?.name ?? null, proved, calibration };
  if (chosen === null || !proved) return { exitCode: 3, data: { ...data, written: null }, text };
  const wanted = writtenOf(model, history, calibration, tickSeconds, Object.hasOwn(known, chosen.name));
  if (input.options['write'] !== true || input.dryRun) {
    const hint = `Write it to config/deployment.yaml with: mlops rollout calibrate --model ${model} --write`;
    return { exitCode: 0, data: { ...data, written: null, wouldWrite: wanted }, text: `${text}\n${hint}` };
  }
  const before = ownValue(config.deployment.models, model);
  const file = relative(context.workingDirectory, writeCalibration(config.root, wanted));
  const armed = before?.calibration?.armed ?? true;
  const done = [
    `Wrote models.${model} to ${file}: noise ${JSON.stringify(before?.noise ?? config.deployment.judge.noise)} → ${chosen.name}; automatic rollback ${armed ? 'is armed' : 'stays off: calibration.armed is false there'}.`,
    `Rollouts that run already keep theirs. Undo by taking models.${model} out of the file.`,
  ];
  return { exitCode: 0, data: { ...data, written: file, armed }, text: [text, ...done].join('\n') };
};

function writtenOf(
  model: string,
  { source }: LoadedHistory,
  { chosen, fits, proof }: Calibration,
  tickSeconds: number,
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
