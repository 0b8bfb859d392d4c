import type { CommandRun } from '../../command.ts';
import { textOption } from '../../rollout/options.ts';
import { createTransferVerbs } from '../../../registry/registry-transfer.ts';
import { writeOut } from '../../write-out.ts';

/** `mlops model export`: the whole registry as lines of JSON, without artifacts. */
export const run: CommandRun = async (context, input) => {
  const transfer = createTransferVerbs({ ...context.composition, workingDirectory: context.workingDirectory });
  const out = textOption(input, 'out');
  if (out === '') {
    for await (const line of transfer.export()) await writeOut(line);
    return { exitCode: 0, text: '' };
  }
  const { bytes, rows } = await transfer.exportTo(out);
  return {
    exitCode: 0,
    data: { file: out, rows, bytes },
    text: `Wrote ${rows} row${rows === 1 ? '' : 's'} to ${out} (${bytes} bytes). Artifacts are not in it: copy the artifact store as well`,
  };
};
