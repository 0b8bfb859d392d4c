import { MlopsError } from '../../../../domain/errors.ts';
import { roleForPeople } from '../../../../domain/governance/permissions.ts';
import { createIdentityVerbs } from '../../../identity/identity-verbs.ts';
import type { CommandRun } from '../../command.ts';
import { given } from '../../given.ts';
import { parseNewName, parseRoles } from '../../identity-options.ts';
import { listOption, textOption } from '../../rollout/options.ts';

/** `mlops identity create`: a key file, and the principal of its key. */
export const run: CommandRun = async (context, input) => {
  const name = parseNewName(input.args[0] ?? '');
  const roles = parseRoles(listOption(input, 'role'));
  const kind = input.options['service'] === true ? ('service' as const) : ('human' as const);
  const role = roleForPeople(kind, roles);
  if (role !== null) throw new MlopsError('ROLE_FOR_PEOPLE', { name, role });
  const inWords = roles.length === 0 ? 'without a role' : roles.join(', ');
  if (input.dryRun)
    return {
      exitCode: 0,
      data: { dryRun: true, name, kind, roles },
      text: `Nothing is changed. This would make ${kind} ${name} known: ${inWords}`,
    };
  const file = given({ file: textOption(input, 'out') || null });
  const order = { name, kind, roles, reason: textOption(input, 'reason'), ...file };
  const made = await createIdentityVerbs(context.composition).create(order);
  context.say(`Undo with: mlops identity revoke ${JSON.stringify(name)}`);
  context.say(`Hand the file over; who has it replaces the key with: mlops identity rotate ${JSON.stringify(name)}`);
  return {
    exitCode: 0,
    showsIds: true,
    data: { name, kind, roles, ...made },
    text: `${name} is ${made.principal} (${inWords}); it signs with ${made.file}`,
  };
};
