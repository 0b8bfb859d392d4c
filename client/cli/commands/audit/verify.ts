import { resolve } from 'node:path';
import type { ExportCheck } from '../../../../domain/governance/verify-export.ts';
import { readTrustedKeys, verifyFile } from '../../../audit/verify-file.ts';
import { ownKeyFiles } from '../../audit/own-keys.ts';
import type { CommandContext, CommandInput, CommandRun, ExitCode } from '../../command.ts';
import { listOption, textOption } from '../../rollout/options.ts';

/** `mlops audit verify`: checks an export with nothing but the file and the keys one trusts. */
export const run: CommandRun = async (context, input) => {
  const files = await context.composition.exportFiles();
  const file = textOption(input, 'file');
  const path = (name: string) => (name === '-' ? name : resolve(context.workingDirectory, name));
  const trustedKeys = await readTrustedKeys(files, {
    keys: listOption(input, 'key'),
    keyFiles: keyFilesOf(context, input).map(path),
  });
  const check = await verifyFile(files, {
    file: path(file),
    trustedKeys,
    checkpoints: listOption(input, 'checkpoint').map(path),
  });
  return { exitCode: exitCodeOf(check), data: check, text: render(file, check) };
};

/** The files named, or the one the ledger of this project keeps, when no key is given at all. */
function keyFilesOf(context: CommandContext, input: CommandInput): readonly string[] {
  const named = listOption(input, 'keys');
  return named.length > 0 || listOption(input, 'key').length > 0 ? named : ownKeyFiles(context);
}

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
