import { MlopsError } from '../../../../domain/errors.ts';
import { CUSTODY_RESOURCE } from '../../../governance-port.ts';
import type { CommandRun } from '../../command.ts';
import { renderTable } from '../../render-table.ts';
import { textOption } from '../../rollout/options.ts';

/** `mlops governance hold`: keeps what an erasure would take away. */
export const run: CommandRun = async (context, input) => {
  const [subject] = input.args;
  const isRelease = input.options['release'] === true;
  const governance = await context.composition.governance();
  const who = await context.composition.identity();
  const claimOf = (action: string, content: unknown) => who.claim({ action, resource: CUSTODY_RESOURCE, content });
  if (subject === undefined) {
    if (isRelease)
      throw new MlopsError('USAGE_INVALID', {
        problem: 'Hold to release is not named',
        hint: 'Name its subject: `mlops governance hold <subject> --release`',
      });
    const holds = await governance.holds(claimOf('governance.read', null));
    const rows = holds.map((hold) => [hold.subject, hold.placedAt]);
    return {
      exitCode: 0,
      data: { holds },
      text: holds.length === 0 ? 'No legal hold is in force' : renderTable(['SUBJECT', 'SINCE'], rows),
    };
  }
  if (input.dryRun) {
    const what = isRelease
      ? `release the hold on ${subject}`
      : `hold ${(await governance.foresee(subject, claimOf('governance.read', { subject }))).subject}`;
    return { exitCode: 0, data: { dryRun: true, subject }, text: `Nothing is changed. This would ${what}` };
  }
  const content = { subject, reason: textOption(input, 'reason') };
  if (isRelease) {
    await governance.release({ ...content, ...claimOf('governance.release-hold', content) });
    return { exitCode: 0, data: { subject, released: true }, text: `Released: ${subject} may be erased again` };
  }
  const isNew = await governance.hold({ ...content, ...claimOf('governance.hold', content) });
  return {
    exitCode: 0,
    data: { subject, placed: isNew },
    text: isNew
      ? `Held: ${subject} cannot be erased until the hold is released`
      : `A hold on ${subject} was in force already`,
  };
};
