import { createIdentityVerbs } from '../../../identity/identity-verbs.ts';
import type { CommandRun } from '../../command.ts';
import { parseRole } from '../../identity-options.ts';
import { textOption } from '../../rollout/options.ts';

/** `mlops identity revoke`: one role, or everything. */
export const run: CommandRun = async (context, input) => {
  const [name = '', given] = input.args;
  const role = given === undefined ? null : parseRole(given);
  if (input.dryRun)
    return {
      exitCode: 0,
      data: { dryRun: true, name, role },
      text: `Nothing is changed. This would take ${role ?? 'every role and key'} from ${name}`,
    };
  const order = { name, role, reason: textOption(input, 'reason') };
  const { keys, roles } = await createIdentityVerbs(context.composition).revoke(order);
  if (roles.length > 0) context.say(`Undo with: mlops identity grant ${JSON.stringify(name)} ${roles.join(' ')}`);
  if (keys.length > 0) context.say(`A new key for it: mlops identity rotate ${JSON.stringify(name)}`);
  const taken = [...roles, ...keys.map((key) => `key ${key}`)].join(', ');
  return {
    exitCode: 0,
    data: { name, roles, keys },
    text: taken === '' ? `${name} had no role and no key` : `Taken from ${name}: ${taken}`,
  };
};
