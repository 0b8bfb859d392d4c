import type { CommandRun } from '../../command.ts';
import { renderTable } from '../../render-table.ts';
import { givenModel } from '../../rollout/options.ts';
import { rolloutVerbsOf } from '../../rollout/verbs.ts';

const MOST = 100;

/** `mlops rollout list`: rollouts of this environment, newest first. */
export const run: CommandRun = async (context, input) => {
  const rollouts = await rolloutVerbsOf(context).list(givenModel(input) ?? undefined, MOST);
  const rows = rollouts.map((r) => [
    r.model,
    `${r.fromVersion} → ${r.toVersion}`,
    r.outcome ?? 'open',
    r.reason ?? '-',
    r.startedBy,
    r.startedAt,
    r.rolloutKey,
  ]);
  const table = renderTable(['MODEL', 'VERSIONS', 'OUTCOME', 'REASON', 'BY', 'STARTED', 'KEY'], rows);
  return { exitCode: 0, data: { rollouts }, text: rows.length === 0 ? 'No rollouts yet.' : table };
};
