import { MlopsError } from '../../../../domain/errors.ts';
import { currentActor } from '../../actor.ts';
import type { CommandRun } from '../../command.ts';
import { renderTable } from '../../render-table.ts';
import { textOption } from '../../rollout/options.ts';

/** `mlops governance hold`: keeps what an erasure would take away. */
export const run: CommandRun = async (context, input) => {
  const [subject] = input.args;
  const isRelease = input.options['release'] === true;
  const governance = await context.composition.governance();
  if (subject === undefined) {
    if (isRelease)
      throw new MlopsError('USAGE_INVALID', {
        problem: 'Hold to release is not named',
        hint: 'Name its subject: `mlops governance hold <subject> --release`',
      });
    const holds = await governance.holds();
    const rows = holds.map((hold) => [hold.subject, hold.placedAt]);
    return {
      exitCode: 0,
      data: { holds },
      text: holds.length === 0 ? 'No legal hold is in force' : renderTable(['SUBJECT', 'SINCE'], rows),
    };
  }
  if (input.dryRun) {
    const what = isRelease ? `release the hold on ${subject}` : `hold ${(await governance.foresee(subject)).subject}`;
    return { exitCode: 0, data: { dryRun: true, subject }, text: `Nothing is changed. This would ${what}` };
  }
  const order = { subject, actor: currentActor(), reason: textOption(input, 'reason') };
  if (isRelease) {
    await governance.release(order);
    return { exitCode: 0, data: { subject, released: true }, text: `Released: ${subject} may be erased again` };
  }
  const isNew = await governance.hold(order);
  return {
    exitCode: 0,
    data: { subject, placed: isNew },
    text: isNew
      ? `Held: ${subject} cannot be erased until the hold is released`
      : `A hold on ${subject} was in force already`,
  };
};
