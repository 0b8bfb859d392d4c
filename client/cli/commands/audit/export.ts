import { open, rename } from 'node:fs/promises';
import { resolve } from 'node:path';
import { LEDGER_RESOURCE } from '../../../ledger-port.ts';
import { wholeOption } from '../../audit/options.ts';
import type { CommandContext, CommandRun } from '../../command.ts';
import { unwritable } from '../../unwritable.ts';
import { textOption } from '../../rollout/options.ts';

/** `mlops audit export`: evidence for somebody else, verifiable without us. */
export const run: CommandRun = async (context, input) => {
  const [from, to] = [wholeOption(input, 'from'), wholeOption(input, 'to')];
  const type = textOption(input, 'type');
  const content = {
    chosen: {
      ...(from === null ? {} : { from }),
      ...(to === null ? {} : { to }),
      ...(type === '' ? {} : { type }),
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
  const { events, bytes } = await writeFileWhole(context, out, groups);
  return {
    exitCode: 0,
    data: { file: out, events, bytes },
    text: `Wrote ${events} event${events === 1 ? '' : 's'} to ${out} (${bytes} bytes). Check it with: mlops audit verify --file ${out}`,
  };
};

/** Waits for a slow reader. */
async function writeOut(text: string): Promise<void> {
  if (process.stdout.write(text)) return;
  await new Promise<void>((drained) => process.stdout.once('drain', drained));
}

/** The file appears when it is whole: never half of the evidence under its name. */
async function writeFileWhole(
  context: CommandContext,
  name: string,
  groups: AsyncIterable<readonly string[]>,
): Promise<{ readonly events: number; readonly bytes: number }> {
  const file = resolve(context.workingDirectory, name);
  const handle = await open(`${file}.part`, 'w', 0o600).catch(unwritable(name));
  let lines = 0;
  let bytes = 0;
  try {
    for await (const group of groups) {
      const text = group.join('');
      await handle.writeFile(text);
      lines += group.length;
      bytes += Buffer.byteLength(text);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.part`, file);
  return { events: lines - 1, bytes };
}
