import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { replayStream, type ReplayStream } from '../../../../domain/rollout/replay.ts';
import { assembleJudgePolicy } from '../../../rollouts/judge-policy.ts';
import { createReplayParser } from '../../../rollouts/parse-replay.ts';
import type { CommandRun } from '../../command.ts';
import { textOption } from '../../rollout/options.ts';
import { unreadable } from '../../unreadable.ts';

/** `mlops rollout replay`: judges recorded streams, line by line, without any server. */
export const run: CommandRun = async (context, input) => {
  const config = await context.config();
  const everyTick = input.options['everyTick'] === true;
  const parse = createReplayParser(assembleJudgePolicy(config, 60, null), config.deployment.noiseAssumptions);
  const file = textOption(input, 'input', '-');
  const source = file === '-' ? process.stdin : createReadStream(resolve(context.workingDirectory, file));
  const results: unknown[] = [];
  // Machine lines are printed as they come; a table or a document needs all of them.
  const emit =
    context.format === 'jsonl' || context.format === 'table'
      ? (result: unknown) => context.print(JSON.stringify(result))
      : (result: unknown) => void results.push(result);
  await eachLine(source, file, (line, number) => {
    const stream: ReplayStream = parse(line, number);
    for (const result of replayStream(stream, everyTick)) emit(result);
  });
  return context.format === 'jsonl' || context.format === 'table'
    ? { exitCode: 0, text: '' }
    : { exitCode: 0, data: { streams: results } };
};

async function eachLine(
  source: NodeJS.ReadableStream,
  file: string,
  take: (line: string, number: number) => void,
): Promise<void> {
  const failed = new Promise<never>((_resolve, reject) => {
    source.once('error', (error) => reject(unreadable(file, error)));
  });
  const read = (async () => {
    let number = 0;
    for await (const line of createInterface({ input: source, crlfDelay: Number.POSITIVE_INFINITY })) {
      number += 1;
      if (line.trim() !== '') take(line, number);
    }
  })();
  await Promise.race([read, failed]);
}
