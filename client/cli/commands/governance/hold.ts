import { MlopsError } from '../../../../domain/errors.ts';
import { CUSTODY_RESOURCE } from '../../../governance-port.ts';
import { CASE_ID, WANTED_CASE } from '../../../../domain/governance/custody-drafts.ts';
import type { CommandInput, CommandRun } from '../../command.ts';
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
      : `hold ${(await governance.foresee(subject, claimOf('governance.read', { subject }))).subject}`;
    return { exitCode: 0, data: { dryRun: true, subject }, text: `Nothing is changed. This would ${what}` };
  }
  const content = { subject, reason: textOption(input, 'reason'), ...(caseId === null ? {} : { case: caseId }) };
  const order = { subject, reason: content.reason, caseId };
  const named = caseId === null ? '' : ` for case ${caseId}`;
  if (isRelease) {
    await governance.release({ ...order, ...claimOf('governance.release-hold', content) });
    return {
      exitCode: 0,
      data: { subject, case: caseId, released: true },
      text: `Released: ${subject} is not held${named} any more. It may be erased when no other hold covers it: mlops governance hold`,
    };
  }
  const isNew = await governance.hold({ ...order, ...claimOf('governance.hold', content) });
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
