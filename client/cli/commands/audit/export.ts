import { MlopsError } from '../../../../domain/errors.ts';
import { LEDGER_RESOURCE } from '../../../ledger-port.ts';
import { typeOption } from '../../audit/event-words.ts';
import { wholeOption } from '../../audit/options.ts';
import type { CommandRun } from '../../command.ts';
import { textOption } from '../../rollout/options.ts';
import { writeFileWhole, writeOut } from '../../write-lines.ts';

/** `mlops audit export`: evidence for somebody else, verifiable without us. */
export const run: CommandRun = async (context, input) => {
  const [from, to] = [wholeOption(input, 'from'), wholeOption(input, 'to')];
  if (from !== null && to !== null && from > to)
    throw new MlopsError('USAGE_INVALID', {
      problem: `--from ${from} is behind --to ${to}`,
      hint: `Both are included: --from ${to} --to ${from}`,
    });
  const type = typeOption(input);
  const content = {
    chosen: {
      ...(from === null ? {} : { from }),
      ...(to === null ? {} : { to }),
      ...(type === undefined ? {} : { type }),
    },
    withPayloads: input.options['payloads'] === true,
  };
  const action = content.withPayloads ? 'audit.payload-read' : 'audit.export';
  const claim = (await context.composition.identity()).claim({ action, resource: LEDGER_RESOURCE, content });
  const groups = (await context.composition.ledger()).export({ ...content, ...claim });
  const out = textOption(input, 'out');
  if (out === '') {
    for await (const lines of groups) await writeOut(lines.join(''));
    return { exitCode: 0, text: '' };
  }
  const { bytes, lines } = await writeFileWhole(context.workingDirectory, out, groups);
  // The first line is the header.
  const events = lines - 1;
  return {
    exitCode: 0,
    data: { file: out, events, bytes },
    text: `Wrote ${events} event${events === 1 ? '' : 's'} to ${out} (${bytes} bytes). Check it with: mlops audit verify --file ${out}`,
  };
};
