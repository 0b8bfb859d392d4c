import { MlopsError } from '../../../../domain/errors.ts';
import type { CommandRun } from '../../command.ts';
import { dataOfVersion, stageInWords } from '../../model/version-data.ts';
import { textOption } from '../../rollout/options.ts';

/** `mlops model retire`: out of use for good; its evidence and its number stay. */
export const run: CommandRun = async (context, input) => {
  const [model = '', asked = ''] = input.args;
  const registry = await context.composition.registry();
  const before = await registry.version({ model, version: asked });
  const { version } = before.registration;
  if (input.dryRun)
    return {
      exitCode: 0,
      data: { dryRun: true, ...dataOfVersion(before) },
      text: `Nothing is changed. This would retire ${model} ${version} (${stageInWords(before)}), if nobody needs it`,
    };
  if (before.retiredAt === null && !(await context.confirm(`Retire ${model} ${version} for good?`)))
    throw new MlopsError('USAGE_INVALID', {
      problem: `Retirement of ${model} ${version} was not confirmed: it cannot be undone`,
      hint: 'Answer y, or add --yes',
    });
  const { from, version: record } = await registry.retire({
    model,
    version,
    reason: textOption(input, 'reason'),
  });
  const isNew = before.retiredAt === null;
  return {
    exitCode: 0,
    data: { ...dataOfVersion(record), from, isNew },
    text: isNew
      ? `Retired: ${model} ${version}, ${from} → archived. It cannot be undone; what it was is kept (\`mlops model show ${model} ${version}\`)`
      : `Nothing is changed: ${model} ${version} was retired ${record.retiredAt ?? ''}`,
  };
};
