import type { CommandRun } from '../../command.ts';
import { observeOrder, prepareOrder } from '../../rollout/order.ts';
import { assessNoiseOf } from '../../rollout/noise.ts';
import { renderHeading, renderPlan } from '../../rollout/render-plan.ts';

/** `mlops rollout plan`: what a start would do, changing nothing. */
export const run: CommandRun = async (context, input) => {
  const request = await prepareOrder(context, input, await observeOrder(context, input));
  const noise = await assessNoiseOf(context, request);
  return {
    exitCode: 0,
    data: { request, noise },
    text: `${renderHeading(request)}\n\n${renderPlan(request)}\nNoise: ${noise.text}.`,
  };
};
