import type { CommandRun } from '../../command.ts';
import { textOption } from '../../rollout/options.ts';
import { writeFileWhole } from '../../../write-file-whole.ts';
import { writeOut } from '../../write-out.ts';

/** `mlops model export`: the whole registry as lines of JSON, without artifacts. */
export const run: CommandRun = async (context, input) => {
  const groups = (await context.composition.registry()).export();
  const out = textOption(input, 'out');
  if (out === '') {
    for await (const lines of groups) await writeOut(lines.join(''));
    return { exitCode: 0, text: '' };
  }
  const { bytes, lines } = await writeFileWhole(context.workingDirectory, out, groups);
  // Beside the rows: the first line and the last.
  const rows = lines - 2;
  return {
    exitCode: 0,
    data: { file: out, rows, bytes },
    text: `Wrote ${rows} row${rows === 1 ? '' : 's'} to ${out} (${bytes} bytes). Artifacts are not in it: copy the artifact store as well`,
  };
};
