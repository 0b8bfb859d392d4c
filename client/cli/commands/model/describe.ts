import { MlopsError } from '../../../../domain/errors.ts';
import type { CommandRun } from '../../command.ts';
import { nameOfLabelled } from '../../model/outcome.ts';

/** `mlops model describe`: says what a version or a model is, in words. */
export const run: CommandRun = async (context, input) => {
  const [model = '', version = null] = input.args;
  const { text: description } = input.options;
  if (typeof description !== 'string')
    throw new MlopsError('USAGE_INVALID', {
      problem: 'The description is not given',
      hint: `Say it: \`mlops model describe ${model} ${version ?? ''} --text "what it is"\`; an empty text takes it away`,
    });
  const registry = await context.composition.registry();
  if (input.dryRun)
    return {
      exitCode: 0,
      data: { dryRun: true, model, version, description },
      text: `Nothing is changed. This would describe ${nameOfLabelled({ model, version })} as: ${description}`,
    };
  const outcome = await registry.describe({ model, version, description });
  const name = nameOfLabelled(outcome);
  if (outcome.before === description)
    return { exitCode: 0, data: outcome, text: `Nothing is changed: ${name} is described so already` };
  return {
    exitCode: 0,
    data: outcome,
    text: `${name} is described anew; before: ${outcome.before === '' ? '(nothing)' : outcome.before}`,
  };
};
