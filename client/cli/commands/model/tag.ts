import { MlopsError } from '../../../../domain/errors.ts';
import type { CommandRun } from '../../command.ts';
import { nameOfLabelled } from '../../model/outcome.ts';
import { pair } from '../../model/registration.ts';
import { listOption } from '../../rollout/options.ts';

/** `mlops model tag`: sets tags of a version or a model, and takes others away. */
export const run: CommandRun = async (context, input) => {
  const [model = '', version = null] = input.args;
  const set = Object.fromEntries(listOption(input, 'set').map((word) => pair('set', word, (value) => value)));
  const unset = listOption(input, 'unset');
  if (Object.keys(set).length + unset.length === 0)
    throw new MlopsError('USAGE_INVALID', {
      problem: 'No tag is named',
      hint: `Name one: \`mlops model tag ${model} ${version ?? ''} --set team=search\`, or --unset team`,
    });
  const registry = await context.composition.registry();
  if (input.dryRun)
    return {
      exitCode: 0,
      data: { dryRun: true, model, version, set, unset },
      text: `Nothing is changed. This would ${[...Object.entries(set).map(([key, value]) => `set ${key}=${value}`), ...unset.map((key) => `take ${key} away`)].join(', ')} of ${nameOfLabelled({ model, version })}`,
    };
  const outcome = await registry.tag({ model, version, set, unset });
  const { before, tags } = outcome;
  const changed = [...Object.keys(set), ...unset].filter((key) => before[key] !== tags[key]);
  const name = nameOfLabelled(outcome);
  if (changed.length === 0)
    return { exitCode: 0, data: outcome, text: `Nothing is changed: the tags of ${name} are so already` };
  const undo = changed.map((key) => (before[key] === undefined ? `--unset ${key}` : `--set '${key}=${before[key]}'`));
  return {
    exitCode: 0,
    data: outcome,
    text: [
      ...changed.map((key) => `${name}: ${key} ${before[key] ?? '(none)'} → ${tags[key] ?? '(none)'}`),
      `Undo: mlops model tag ${name} ${undo.join(' ')}`,
    ].join('\n'),
  };
};
