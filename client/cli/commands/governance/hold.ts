import { MlopsError } from '../../../../domain/errors.ts';
import { CASE_ID, WANTED_CASE } from '../../../../domain/governance/custody-drafts.ts';
import type { CommandInput, CommandRun } from '../../command.ts';
import { given } from '../../given.ts';
import { governanceVerbsOf } from '../../governance-verbs.ts';
import { renderTable } from '../../render-table.ts';
import { textOption } from '../../rollout/options.ts';

/** `mlops governance hold`: keeps what an erasure would take away. */
export const run: CommandRun = async (context, input) => {
  const [subject] = input.args;
  const isRelease = input.options['release'] === true;
  const governance = governanceVerbsOf(context);
  if (subject === undefined) {
    if (isRelease)
      throw new MlopsError('USAGE_INVALID', {
        problem: 'Hold to release is not named',
        hint: 'Name its subject: `mlops governance hold <subject> --release`',
      });
    const holds = await governance.holds.list();
    const rows = holds.map((hold) => [hold.subject, hold.caseId ?? '', hold.placedAt]);
    return {
      exitCode: 0,
      data: { holds },
      text: holds.length === 0 ? 'No legal hold is in force' : renderTable(['SUBJECT', 'CASE', 'SINCE'], rows),
    };
  }
  const caseId = caseOf(input);
  if (input.dryRun) {
    const what = isRelease
      ? `release the hold on ${subject}`
      : `hold ${(await governance.foreseeErasure(subject)).subject}`;
    return { exitCode: 0, data: { dryRun: true, subject }, text: `Nothing is changed. This would ${what}` };
  }
  const order = { subject, reason: textOption(input, 'reason'), ...given({ caseId }) };
  const named = caseId === null ? '' : ` for case ${caseId}`;
  if (isRelease) {
    await governance.holds.release(order);
    return {
      exitCode: 0,
      data: { subject, case: caseId, released: true },
      text: `Released: ${subject} is not held${named} any more. It may be erased when no other hold covers it: mlops governance hold`,
    };
  }
  const isNew = await governance.holds.place(order);
  return {
    exitCode: 0,
    data: { subject, case: caseId, placed: isNew },
    text: isNew
      ? `Held${named}: ${subject} cannot be erased until the hold is released`
      : `Nothing is changed: a hold on ${subject}${named} was in force already. Another case has a hold of its own: --case`,
  };
};

/** @throws USAGE_INVALID */
function caseOf(input: CommandInput): string | null {
  const text = textOption(input, 'case');
  if (text === '') return null;
  if (CASE_ID.test(text)) return text;
  throw new MlopsError('USAGE_INVALID', {
    problem: `Case is ${JSON.stringify(text)}, wanted ${WANTED_CASE}`,
    hint: 'For example `mlops governance hold rollout/dev/rag_api --case 2026-17`',
  });
}
