import { createIdentityVerbs } from '../../../identity/identity-verbs.ts';
import type { CommandRun } from '../../command.ts';
import { given } from '../../given.ts';
import { textOption } from '../../rollout/options.ts';

/** `mlops identity rotate`: a new key in the place of the earlier ones. */
export const run: CommandRun = async (context, input) => {
  const [name = ''] = input.args;
  if (input.dryRun)
    return {
      exitCode: 0,
      data: { dryRun: true, name },
      text: `Nothing is changed. This would replace the key of ${name}`,
    };
  const order = { name, reason: textOption(input, 'reason'), ...given({ file: textOption(input, 'out') || null }) };
  const { file, key, replaced } = await createIdentityVerbs(context.composition).rotate(order);
  const was = replaced.length === 0 ? 'none' : replaced.join(', ');
  return {
    exitCode: 0,
    data: { name, key, replaced, file },
    text: `Key of ${name}: ${was} → ${key}; it signs with ${file}`,
  };
};
