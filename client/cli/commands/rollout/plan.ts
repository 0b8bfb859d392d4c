import { foreseeNoise } from '../../../rollouts/foresee-noise.ts';
import type { CommandRun } from '../../command.ts';
import { observeOrder, prepareOrder } from '../../rollout/order.ts';
import { renderHeading, renderPlan } from '../../rollout/render-plan.ts';

/** `mlops rollout plan`: what a start would do, changing nothing. */
export const run: CommandRun = async (context, input) => {
  const request = await prepareOrder(context, input, await observeOrder(context, input));
  const noise = await foreseeNoise(context.composition, request);
  return {
    exitCode: 0,
    data: { request, noise },
    text: `${renderHeading(request)}\n\n${renderPlan(request)}\nNoise: ${noise.text}.`,
  };
};
