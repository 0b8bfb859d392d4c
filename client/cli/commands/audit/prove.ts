import { auditVerbsOf } from '../../audit/verbs.ts';
import type { CommandRun } from '../../command.ts';
import { textOption } from '../../rollout/options.ts';
import { writeFileWhole } from '../../../write-file-whole.ts';

/** `mlops audit prove`: what shows that a selection continues a checkpoint that somebody has kept. */
export const run: CommandRun = async (context, input) => {
  const [checkpoint, file, out] = ['checkpoint', 'file', 'out'].map((name) => textOption(input, name));
  const proof = await auditVerbsOf(context).prove({ checkpoint: checkpoint ?? '', file: file ?? '' });
  const text = JSON.stringify(proof);
  if (out === undefined || out === '') return { exitCode: 0, data: proof, text };
  await writeFileWhole(context.workingDirectory, out, groupsOf(`${text}\n`));
  const check = `mlops audit verify --file ${file} --checkpoint ${checkpoint} --proof ${out}`;
  return { exitCode: 0, data: proof, text: `Wrote ${out}. Check it with: ${check}` };
};

async function* groupsOf(text: string): AsyncGenerator<readonly string[]> {
  yield await Promise.resolve([text]);
}
