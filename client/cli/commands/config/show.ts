import { stringify } from 'yaml';
import type { CommandRun } from '../../command.ts';
import { renderTable } from '../../render-table.ts';

/** `mlops config show`: the configuration in force; `--origin` says where each value comes from. */
export const run: CommandRun = async (context, input) => {
  if (input.options['origin'] === true) {
    const origins = await context.origins();
    const rows = origins.map(({ path, value, origin }) => [path, JSON.stringify(value), origin]);
    return { exitCode: 0, data: { settings: origins }, text: renderTable(['SETTING', 'VALUE', 'ORIGIN'], rows) };
  }
  const config = await context.config();
  const shown = { ...config, databaseUrl: config.databaseUrl === null ? null : '(hidden)' };
  return { exitCode: 0, data: shown, text: stringify(shown).trimEnd() };
};
