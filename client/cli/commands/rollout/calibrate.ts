import { ownValue } from '../../../../domain/own-value.ts';
import { renderCalibration } from '../../../reports/calibration-text.ts';
import type { CommandRun } from '../../command.ts';
import { given } from '../../given.ts';
import { runAa } from '../../rollout/aa-run.ts';
import { metricOptions, sinceOption } from '../../rollout/calibration-options.ts';
import { modelOf, textOption } from '../../rollout/options.ts';
import { rolloutVerbsOf } from '../../rollout/verbs.ts';

/** `mlops rollout calibrate`: fits the noise of a service and chooses the assumption that keeps the error budget. */
export const run: CommandRun = async (context, input) => {
  const config = await context.config();
  const model = await modelOf(context, input);
  const order = {
    model,
    metrics: metricOptions(input),
    write: input.options['write'] === true && !input.dryRun,
    ...given({ input: textOption(input, 'input') || null, since: sinceOption(input, new Date()) }),
  };
  if (input.options['run'] === true) {
    const ended = await runAa(context, input, model);
    if (ended !== null) return ended;
  }
  const data = await rolloutVerbsOf(context).calibrate(order);
  const text = renderCalibration(data, data.calibration);
  if (data.chosen === null || !data.proved) return { exitCode: 3, data, text };
  if (data.written === null) {
    const hint = `Write it to config/deployment.yaml with: mlops rollout calibrate --model ${model} --write`;
    return { exitCode: 0, data, text: `${text}\n${hint}` };
  }
  const noise = ownValue(config.deployment.models, model)?.noise ?? config.deployment.judge.noise;
  const arming = data.armed === true ? 'is armed' : 'stays off: calibration.armed is false there';
  const done = [
    `Wrote models.${model} to ${data.written}: noise ${JSON.stringify(noise)} → ${data.chosen}; automatic rollback ${arming}.`,
    `Rollouts that run already keep theirs. Undo by taking models.${model} out of the file.`,
  ];
  return { exitCode: 0, data, text: [text, ...done].join('\n') };
};
