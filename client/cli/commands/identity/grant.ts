import { createIdentityVerbs } from '../../../identity/identity-verbs.ts';
import type { CommandRun } from '../../command.ts';
import { parseRoles } from '../../identity-options.ts';
import { textOption } from '../../rollout/options.ts';

/** `mlops identity grant`: repeating it changes nothing. */
export const run: CommandRun = async (context, input) => {
  const [name = '', ...given] = input.args;
  const roles = parseRoles(given);
  if (input.dryRun)
    return {
      exitCode: 0,
      data: { dryRun: true, name, roles },
      text: `Nothing is changed. This would make ${name} ${roles.join(', ')}`,
    };
  const order = { name, roles, reason: textOption(input, 'reason') };
  const granted = await createIdentityVerbs(context.composition).grant(order);
  if (granted.length === 0)
    return { exitCode: 0, data: { name, granted }, text: `${name} is ${roles.join(', ')} already` };
  for (const role of granted) context.say(`Undo with: mlops identity revoke ${JSON.stringify(name)} ${role}`);
  return { exitCode: 0, data: { name, granted }, text: `${name} is now ${granted.join(', ')}` };
};
