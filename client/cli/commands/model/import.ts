import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { currentActor } from '../../actor.ts';
import type { CommandContext, CommandRun } from '../../command.ts';
import { unreadable } from '../../unreadable.ts';

/** `mlops model import`: an export, into an empty registry. */
export const run: CommandRun = async (context, input) => {
  const [file = ''] = input.args;
  const registry = await context.composition.registry();
  if (input.dryRun) {
    const { models } = await registry.models({ after: null, limit: 1, actor: currentActor() });
    const is =
      models.length === 0
        ? 'is empty: it would take the file in'
        : 'is not empty: it takes a file in that says the same, and no other';
    return {
      exitCode: 0,
      data: { dryRun: true, file, isEmpty: models.length === 0 },
      text: `Nothing is changed. The registry ${is}`,
    };
  }
  const { isNew, rows } = await registry.import({ lines: linesOf(context, file), actor: currentActor() });
  return {
    exitCode: 0,
    data: { file, rows, isNew },
    text: isNew
      ? `Imported ${rows} row${rows === 1 ? '' : 's'} from ${file}. Check artifacts with: mlops model verify <model> <version>`
      : `Nothing is changed: the registry holds exactly what ${file} says`,
  };
};

/** `-` is standard input. @throws INPUT_UNREADABLE */
async function* linesOf({ workingDirectory }: CommandContext, file: string): AsyncGenerator<string> {
  const input = file === '-' ? process.stdin : createReadStream(resolve(workingDirectory, file), 'utf8');
  // Failures of reading come by an event of their own, which no loop over lines sees.
  const failed = new Promise<never>((_, reject) =>
    input.once('error', (error: unknown) => reject(unreadable(file, error))),
  );
  failed.catch(() => undefined);
  const lines = createInterface({ input, crlfDelay: Infinity })[Symbol.asyncIterator]();
  for (;;) {
    const next = await Promise.race([lines.next(), failed]);
    if (next.done === true) return;
    yield next.value;
  }
}
