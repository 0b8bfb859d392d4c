import { MlopsError } from '../../../../domain/errors.ts';
import { exportGroups } from '../../../audit/audit-verbs.ts';
import { typeOption } from '../../audit/event-words.ts';
import { wholeOption } from '../../audit/options.ts';
import { auditVerbsOf } from '../../audit/verbs.ts';
import type { CommandRun } from '../../command.ts';
import { given } from '../../given.ts';
import { textOption } from '../../rollout/options.ts';
import { writeOut } from '../../write-out.ts';

/** `mlops audit export`: evidence for somebody else, verifiable without us. */
export const run: CommandRun = async (context, input) => {
  const [from, to] = [wholeOption(input, 'from'), wholeOption(input, 'to')];
  if (from !== null && to !== null && from > to)
    throw new MlopsError('USAGE_INVALID', {
      problem: `--from ${from} is behind --to ${to}`,
      hint: `Both are included: --from ${to} --to ${from}`,
    });
  const chosen = given({
    from,
    to,
    type: typeOption(input) ?? null,
    payloads: input.options['payloads'] === true,
  });
  const out = textOption(input, 'out');
  if (out === '') {
    for await (const lines of exportGroups(context.composition, chosen)) await writeOut(lines.join(''));
    return { exitCode: 0, text: '' };
  }
  const { bytes, events, file } = await auditVerbsOf(context).exportTo(out, chosen);
  return {
    exitCode: 0,
    data: { file, events, bytes },
    text: `Wrote ${events} event${events === 1 ? '' : 's'} to ${file} (${bytes} bytes). Check it with: mlops audit verify --file ${file}`,
  };
};
