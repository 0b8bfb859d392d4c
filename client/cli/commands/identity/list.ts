import { IDENTITY_RESOURCE } from '../../../identity-port.ts';
import type { CommandRun } from '../../command.ts';
import { renderTable } from '../../render-table.ts';

/** `mlops identity list` */
export const run: CommandRun = async (context) => {
  const who = await context.composition.identity();
  const claim = who.claim({ action: 'identity.list', resource: IDENTITY_RESOURCE, content: null });
  const identities = await (await context.composition.identities()).list(claim);
  const rows = identities.map((one) => [
    one.name ?? '(erased)',
    one.principal === who.actor ? `${one.principal} (you)` : one.principal,
    one.kind,
    one.authentication,
    one.roles.join(' ') || '-',
    one.keys.join(' ') || '-',
  ]);
  return {
    exitCode: 0,
    showsIds: true,
    data: { you: who.actor, identities },
    text: renderTable(['NAME', 'PRINCIPAL', 'KIND', 'SHOWN BY', 'ROLES', 'KEYS'], rows),
  };
};
