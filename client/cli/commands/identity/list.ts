import { createIdentityVerbs } from '../../../identity/identity-verbs.ts';
import type { CommandRun } from '../../command.ts';
import { renderTable } from '../../render-table.ts';

/** `mlops identity list` */
export const run: CommandRun = async (context) => {
  const { identities, you } = await createIdentityVerbs(context.composition).list();
  const rows = identities.map((one) => [
    one.name ?? '(erased)',
    one.principal === you ? `${one.principal} (you)` : one.principal,
    one.kind,
    one.authentication,
    one.roles.join(' ') || '-',
    one.keys.join(' ') || '-',
  ]);
  return {
    exitCode: 0,
    showsIds: true,
    data: { you, identities },
    text: renderTable(['NAME', 'PRINCIPAL', 'KIND', 'SHOWN BY', 'ROLES', 'KEYS'], rows),
  };
};
