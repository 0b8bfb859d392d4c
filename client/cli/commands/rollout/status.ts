import { renderStatus } from '../../../reports/rollout-status.ts';
import type { CommandRun } from '../../command.ts';
import { exitCodeOfStatus } from '../../rollout/exit-codes.ts';
import { modelOf } from '../../rollout/options.ts';
import { paintFor } from '../../rollout/paint.ts';
import { statusData } from '../../rollout/status-data.ts';
import { rolloutVerbsOf } from '../../rollout/verbs.ts';

/** `mlops rollout status`: where the model's newest rollout stands. */
export const run: CommandRun = async (context, input) => {
  const model = await modelOf(context, input);
  const status = await rolloutVerbsOf(context).status(model);
  return {
    exitCode: exitCodeOfStatus(status),
    data: statusData(status),
    text: renderStatus(status, paintFor(context)),
  };
};
