import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { MlopsError, messageOf } from '../../../../domain/errors.ts';
import { calibrateNoise, type Calibration, type CalibrationTrial } from '../../../../domain/rollout/calibration.ts';
import type { JudgeTick } from '../../../../domain/rollout/judge.ts';
import { assembleJudgePolicy } from '../../../rollouts/judge-policy.ts';
import { parseHistory, trialsOf } from '../../../rollouts/parse-history.ts';
import type { CommandContext, CommandInput, CommandRun } from '../../command.ts';
import { renderTable } from '../../render-table.ts';
import { modelOf, textOption } from '../../rollout/options.ts';

/** From the fastest judge to the most patient one; assumptions of the configuration's own come last. */
const FASTEST_FIRST = ['quiet', 'default', 'long-bursts', 'tall-bursts', 'sparse-bursts'];
const DEFAULT_TICK_SECONDS = 60;

/** `mlops rollout calibrate`: which noise assumption keeps the error budget for this service. */
export const run: CommandRun = async (context, input) => {
  const config = await context.config();
  const model = await modelOf(context, input);
  const tickSeconds = config.deployment.profiles['default']?.tickSeconds ?? DEFAULT_TICK_SECONDS;
  const trials = await loadTrials(context, input, model, tickSeconds);
  const known = config.deployment.noiseAssumptions;
  const candidates = Object.entries(known).toSorted(([a], [b]) => rankOf(a) - rankOf(b));
  const policy = { ...assembleJudgePolicy(config, tickSeconds), requiredMetrics: ['errors'] as const };
  const calibration = calibrateNoise(trials, policy, candidates);
  return {
    exitCode: calibration.chosen === null ? 3 : 0,
    data: { model, trials: trials.length, errorBudget: policy.errorBudget, ...calibration },
    text: render(model, trials.length, policy.errorBudget, calibration),
  };
};

function rankOf(name: string): number {
  const rank = FASTEST_FIRST.indexOf(name);
  return rank === -1 ? FASTEST_FIRST.length : rank;
}

async function loadTrials(
  context: CommandContext,
  input: CommandInput,
  model: string,
  tickSeconds: number,
): Promise<JudgeTick[][]> {
  const file = textOption(input, 'input');
  if (file === '') {
    const { environment } = await context.config();
    return trialsOf(await (await context.composition.evidence()).history(environment, model, tickSeconds), model);
  }
  const text = await readFile(file === '-' ? '/dev/stdin' : resolve(context.workingDirectory, file), 'utf8').catch(
    (error: unknown) => {
      const problem = messageOf(error);
      throw new MlopsError('HISTORY_INVALID', { file, line: 0, problem });
    },
  );
  return parseHistory(file, text, model);
}

function render(model: string, trials: number, budget: number, { chosen, candidates }: Calibration): string {
  const rows = candidates.map(({ name, training, proof, keepsBudget }) => [
    name,
    renderTrial(training),
    renderTrial(proof),
    keepsBudget ? 'yes' : 'no',
  ]);
  const advice =
    chosen === null
      ? `No assumption keeps the budget of ${100 * budget} % for ${model}: set canary.auto_rollback to false, or add a wider one under noise_assumptions.`
      : `Use \`noise: ${chosen}\` under \`judge\` in config/deployment.yaml: the fastest that keeps the budget of ${100 * budget} %.`;
  return [
    `False rollbacks of ${model} against itself, ${trials} streams, the older half and the newer half:`,
    '',
    renderTable(['NOISE', 'CHOSEN BY', 'PROVED ON', 'KEEPS THE BUDGET'], rows),
    '',
    advice,
  ].join('\n');
}

function renderTrial({ streams, falseRollbacks }: CalibrationTrial): string {
  return `${falseRollbacks} of ${streams}`;
}
