import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { CommandContext, CommandInput, CommandResult, CommandRun } from '../../command.ts';
import { MlopsError } from '../../../../domain/errors.ts';
import { createTransferVerbs, isSourceUrl, type TransferVerbs } from '../../../registry/registry-transfer.ts';
import { renderTable } from '../../render-table.ts';
import { unreadable } from '../../unreadable.ts';
import { hideCredentials } from '../../../../domain/url-credentials.ts';

/** `mlops model import`: an export, into an empty registry; or what another registry has. */
export const run: CommandRun = async (context, input) => {
  const from = input.options['fromMlflow'];
  if (input.options['conflicts'] === true) return await conflicts(context, input);
  if (from !== undefined) return await takeOver(context, input, from);
  const [file] = input.args;
  if (file === undefined) throw wanted('Nothing to import: a file, or --from-mlflow with a URL');
  if (input.dryRun) {
    const registry = await context.composition.registryOfAdmin();
    const { models } = await registry.models({ after: null, limit: 1 });
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
  const { isNew, rows } = await transferOf(context).import(linesOf(context, file));
  return {
    exitCode: 0,
    data: { file, rows, isNew },
    text: isNew
      ? `Imported ${rows} row${rows === 1 ? '' : 's'} from ${file}. Check artifacts with: mlops model verify <model> <version>`
      : `Nothing is changed: the registry holds exactly what ${file} says`,
  };
};

/** What could not be taken over, and what mends it. */
async function conflicts(context: CommandContext, { args, options }: CommandInput): Promise<CommandResult> {
  if (args.length > 0 || options['fromMlflow'] !== undefined)
    throw wanted('--conflicts takes nothing over: a file and --from-mlflow exclude it');
  const found = await transferOf(context).conflicts();
  const rows = found.map(({ foundAt, model, ordinal, problem, remedy, url }) => [
    `${url}#${model}/${ordinal}`,
    foundAt,
    problem,
    remedy,
  ]);
  return {
    exitCode: 0,
    data: { conflicts: found },
    text:
      found.length === 0
        ? 'Every version of another registry that was met could be taken over'
        : renderTable(['VERSION THERE', 'SINCE', 'WHY NOT', 'TRY'], rows),
  };
}

async function takeOver(context: CommandContext, input: CommandInput, given: unknown): Promise<CommandResult> {
  const url = typeof given === 'string' ? given : context.env['MODEL_REGISTRY_URL'];
  if (input.args.length > 0) throw wanted('A file and --from-mlflow exclude each other');
  if (url === undefined || !isSourceUrl(url))
    throw wanted(
      `URL of the registry is ${hideCredentials(JSON.stringify(url ?? ''))}, wanted one with http or https, without user and password (its token is MLFLOW_TRACKING_TOKEN)`,
    );
  if (input.dryRun)
    return {
      exitCode: 0,
      data: { dryRun: true },
      text: 'Nothing is changed, and nothing was read of the other registry',
    };
  const token = context.env['MLFLOW_TRACKING_TOKEN'];
  const { added, changed, skipped, unchanged } = await transferOf(context).takeOver({
    url,
    ...(token === undefined || token === '' ? {} : { token }),
  });
  return {
    exitCode: 0,
    data: { added, changed, unchanged, skipped },
    text: [
      `Taken over: ${added} added, ${changed} changed, ${unchanged} as they were, ${skipped.length} skipped`,
      ...skipped.map((line) => `skipped ${line}`),
    ].join('\n'),
  };
}

function transferOf({ composition, workingDirectory }: CommandContext): TransferVerbs {
  return createTransferVerbs({ ...composition, workingDirectory });
}

function wanted(problem: string): MlopsError {
  return new MlopsError('USAGE_INVALID', { problem, hint: 'For example `mlops model import registry.jsonl`' });
}

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
