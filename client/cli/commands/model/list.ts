import { MlopsError } from '../../../../domain/errors.ts';
import { isStage, type Stage } from '../../../../domain/registry/stages.ts';
import type { CommandContext, CommandInput, CommandResult, CommandRun } from '../../command.ts';
import { dataOfVersion, stageInWords } from '../../model/version-data.ts';
import { renderTable } from '../../render-table.ts';

const MOST = 1000;

/** `mlops model list`: models, or the versions of one. */
export const run: CommandRun = async (context, input) => {
  const [model] = input.args;
  return model === undefined ? await listModels(context, input) : await listVersions(context, input, model);
};

async function listModels(context: CommandContext, input: CommandInput): Promise<CommandResult> {
  const registry = await context.composition.registry();
  const { cursor, models } = await registry.models({ ...pageOf(input) });
  const rows = models.map(({ name, newest, production, versions }) => [
    name,
    newest ?? '-',
    production ?? '-',
    String(versions),
  ]);
  return {
    exitCode: 0,
    data: { models, cursor },
    text:
      models.length === 0
        ? 'No model is registered yet: `mlops model register --help`'
        : withMore(renderTable(['MODEL', 'NEWEST', 'PRODUCTION', 'VERSIONS'], rows), cursor),
  };
}

async function listVersions(context: CommandContext, input: CommandInput, model: string): Promise<CommandResult> {
  const registry = await context.composition.registry();
  const withRetired = input.options['all'] === true;
  const asked = { ...pageOf(input), model, stage: stageOf(input), withRetired };
  const { cursor, versions } = await registry.versions(asked);
  const rows = versions.map((record) => [
    record.registration.version,
    record.registration.type,
    stageInWords(record),
    record.aliases.join(', ') || '-',
    record.registration.artifact?.slice(0, 12) ?? 'none',
    record.registeredAt,
  ]);
  return {
    exitCode: 0,
    data: { model, versions: versions.map((record) => dataOfVersion(record)), cursor },
    text:
      versions.length === 0
        ? `No such version of ${model}`
        : withMore(renderTable(['VERSION', 'TYPE', 'STAGE', 'ALIASES', 'ARTIFACT', 'REGISTERED'], rows), cursor),
  };
}

function pageOf({ options }: CommandInput): { readonly after: string | null; readonly limit: number } {
  const [after, limit] = [options['after'], Number(options['limit'])];
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST)
    throw new MlopsError('USAGE_INVALID', {
      problem: `Limit is ${String(options['limit'])}, wanted 1 to ${MOST}`,
      hint: 'Go on from the last line of a page with --after',
    });
  return { after: typeof after === 'string' ? after : null, limit };
}

function stageOf({ options }: CommandInput): Stage | null {
  const stage = options['stage'];
  return typeof stage === 'string' && isStage(stage) ? stage : null;
}

function withMore(table: string, cursor: string | null): string {
  return cursor === null ? table : `${table}\nMore: --after ${cursor}`;
}
