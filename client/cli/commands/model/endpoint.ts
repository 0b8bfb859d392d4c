import { MlopsError } from '../../../../domain/errors.ts';
import type { CommandRun } from '../../command.ts';
import { textOption } from '../../rollout/options.ts';

/** `mlops model endpoint`: where a version answers. */
export const run: CommandRun = async (context, input) => {
  const [model = '', version = '', url] = input.args;
  const isRemoval = input.options['remove'] === true;
  if (isRemoval === (url !== undefined))
    throw new MlopsError('USAGE_INVALID', {
      problem: isRemoval ? `Endpoint ${url} is named beside --remove` : 'The endpoint is not named',
      hint: `Name one: \`mlops model endpoint ${model} ${version} http://127.0.0.1:9102\`, or remove it: \`mlops model endpoint ${model} ${version} --remove\``,
    });
  const registry = await context.composition.registry();
  const endpoint = url ?? null;
  if (input.dryRun)
    return {
      exitCode: 0,
      data: { dryRun: true, model, version, endpoint },
      text: `Nothing is changed. This would say that ${model} ${version} answers ${placeOf(endpoint)}`,
    };
  const outcome = await registry.endpoint({
    model,
    version,
    endpoint,
    reason: textOption(input, 'reason'),
  });
  const data = { model, ...outcome };
  const { before } = outcome;
  const name = `${model} ${outcome.version}`;
  if (before === endpoint)
    return { exitCode: 0, data, text: `Nothing is changed: ${name} answers ${placeOf(endpoint)} already` };
  const undo = `mlops model endpoint ${name} ${before ?? '--remove'}`;
  return {
    exitCode: 0,
    data,
    text: `${name} answers ${placeOf(endpoint)}; before: ${placeOf(before)}\nUndo: ${undo}`,
  };
};

function placeOf(endpoint: string | null): string {
  return endpoint === null ? 'nowhere' : `at ${endpoint}`;
}
