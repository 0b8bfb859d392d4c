import { MlopsError } from '../../../../domain/errors.ts';
import type { CommandRun } from '../../command.ts';
import { awaitedLines } from '../../model/outcome.ts';
import { textOption } from '../../rollout/options.ts';

/** `mlops model alias`: what a name means. */
export const run: CommandRun = async (context, input) => {
  const [model = '', alias = '', version] = input.args;
  const isRemoval = input.options['remove'] === true;
  if (isRemoval === (version !== undefined))
    throw new MlopsError('USAGE_INVALID', {
      problem: isRemoval
        ? `Version ${version} is named beside --remove`
        : 'The version that the alias is to mean is not named',
      hint: 'Name one: `mlops model alias rag_api candidate 1.1.0`, or remove it: `mlops model alias rag_api candidate --remove`',
    });
  const registry = await context.composition.registry();
  if (input.dryRun)
    return {
      exitCode: 0,
      data: { dryRun: true, model, alias, version: version ?? null },
      text: `Nothing is changed. This would make ${alias} of ${model} mean ${version ?? 'nothing'}`,
    };
  const outcome = await registry.alias({
    model,
    alias,
    version: version ?? null,
    approvalId: textOption(input, 'approval') || null,
    reason: textOption(input, 'reason'),
  });
  const { awaiting, before, version: now } = outcome;
  const data = { model, ...outcome };
  if (awaiting !== null) {
    const again = `mlops model alias ${model} ${alias} ${version ?? ''}`;
    return {
      exitCode: 6,
      data,
      text: [`Nothing is changed: ${alias} of ${model} is protected`, ...awaitedLines(awaiting, again)].join('\n'),
    };
  }
  if (before === now)
    return { exitCode: 0, data, text: `Nothing is changed: ${alias} of ${model} means ${now ?? 'nothing'} already` };
  const undo =
    before === null ? `mlops model alias ${model} ${alias} --remove` : `mlops model alias ${model} ${alias} ${before}`;
  return {
    exitCode: 0,
    data,
    text: `${alias} of ${model}: ${before ?? 'nothing'} → ${now ?? 'nothing'}\nUndo: ${undo}`,
  };
};
