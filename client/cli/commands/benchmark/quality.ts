import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { MlopsError } from '../../../../domain/errors.ts';
import { parseQueries } from '../../../benchmark/parse-queries.ts';
import { measureQuality, type LabelledQuery, type QualityReport } from '../../../benchmark/quality.ts';
import type { Examples } from '../../../examples-port.ts';
import { assembleQualityRows, QUALITY_COLUMNS, renderQualityMarkdown } from '../../../reports/quality-table.ts';
import type { CommandContext, CommandInput, CommandRun } from '../../command.ts';
import { renderTable } from '../../render-table.ts';
import { endpointOptions, listOption, textOption } from '../../rollout/options.ts';
import { unreadable } from '../../unreadable.ts';

/** Those whose quality differs; the others misbehave in other ways, and one of them would die of being measured. */
const RELEASES = ['1.0.0', '1.1.0', '1.1.1', '1.2.2'];

/** `mlops benchmark quality`: what versions of a retrieval service find of what they should. */
export const run: CommandRun = async (context, input) => {
  const endpoints = Object.entries(endpointOptions(input));
  const examples = await context.composition.examples(context.workingDirectory);
  const queries = await loadQueries(context, input, examples);
  const reports: QualityReport[] = [];
  for (const [version, endpoint] of endpoints) {
    context.say(`Asking ${version} ${queries.length} queries`);
    reports.push(await measureQuality({ version, endpoint }, queries, context.signal));
  }
  if (endpoints.length === 0) reports.push(...(await measureExamples(context, input, examples, queries)));
  return {
    exitCode: 0,
    data: { queries: queries.length, reports },
    text: `${renderTable(QUALITY_COLUMNS, assembleQualityRows(reports))}\n\n${queries.length} queries, one at a time; 95 % bootstrap intervals`,
    markdown: renderQualityMarkdown(reports),
  };
};

async function measureExamples(
  context: CommandContext,
  input: CommandInput,
  examples: Examples,
  queries: readonly LabelledQuery[],
): Promise<QualityReport[]> {
  const asked = listOption(input, 'release');
  const reports: QualityReport[] = [];
  for (const version of asked.length === 0 ? RELEASES : asked) {
    const release = await examples.startRelease(version);
    try {
      context.say(`Asking release ${version} of examples/rag-service ${queries.length} queries`);
      reports.push(
        await measureQuality({ version, endpoint: String(release.ready['address']) }, queries, context.signal),
      );
    } finally {
      await release.stop();
    }
  }
  return reports;
}

/** @throws INPUT_UNREADABLE, QUERIES_INVALID, USAGE_INVALID */
async function loadQueries(
  context: CommandContext,
  input: CommandInput,
  examples: Examples,
): Promise<readonly LabelledQuery[]> {
  const limit = limitOf(textOption(input, 'limit', '3000'));
  const file = textOption(input, 'queries');
  if (file === '') return (await examples.loadQueries()).slice(0, limit);
  const text = await readFile(resolve(context.workingDirectory, file), 'utf8').catch((error: unknown) => {
    throw unreadable(file, error);
  });
  return parseQueries(file, text).slice(0, limit);
}

function limitOf(text: string): number {
  const limit = Number(text);
  if (Number.isSafeInteger(limit) && limit > 0) return limit;
  throw new MlopsError('USAGE_INVALID', {
    problem: `Option --limit is not valid: ${text}, wanted a whole number above 0`,
    hint: 'For example --limit 500',
  });
}
