import type { ExportCheck } from '../../../../domain/governance/verify-export.ts';
import { auditVerbsOf } from '../../audit/verbs.ts';
import type { CommandRun, ExitCode } from '../../command.ts';
import { listOption, textOption } from '../../rollout/options.ts';

/** `mlops audit verify`: checks an export with nothing but the file and the keys one trusts. */
export const run: CommandRun = async (context, input) => {
  const file = textOption(input, 'file');
  const check = await auditVerbsOf(context).verify({
    file,
    keys: listOption(input, 'key'),
    keyFiles: listOption(input, 'keys'),
    checkpoints: listOption(input, 'checkpoint'),
    proofs: listOption(input, 'proof'),
  });
  return { exitCode: exitCodeOf(check), data: check, text: render(file, check) };
};

function exitCodeOf({ valid, signedBy }: ExportCheck): ExitCode {
  if (!valid) return 3;
  return signedBy.length > 0 ? 0 : 7;
}

function render(file: string, check: ExportCheck): string {
  const { events, kind, origin, payloads, problems, rootHash, signedBy, size } = check;
  const lines = [
    `File       ${file}`,
    `Log        ${origin ?? '-'}`,
    `Checkpoint ${size ?? '-'} events, root ${rootHash ?? '-'}`,
    `Signed by  ${signedBy.length === 0 ? 'no trusted key' : signedBy.join(', ')}`,
    `Events     ${events} (${kind ?? '-'}), payloads: ${payloads.opened} shown and checked, ${payloads.withheld} withheld`,
    ...problems.map(
      ({ code, sequence, message }) => `  ${code}${sequence === null ? '' : ` at event ${sequence}`}: ${message}`,
    ),
  ];
  return [...lines, lastLine(check)].join('\n');
}

function lastLine({ valid, signedBy, problems, firstFailedSequence }: ExportCheck): string {
  if (valid && signedBy.length > 0) return 'The file is valid: every event is as it was signed.';
  if (valid)
    return 'The file is consistent, but who wrote it is unproven: give a trusted key with --key or --keys, from another source than the file.';
  const where = firstFailedSequence === null ? '' : `; the first event that fails is ${firstFailedSequence}`;
  return `The file is NOT valid: ${problems.length} problem${problems.length === 1 ? '' : 's'}${where}.`;
}
