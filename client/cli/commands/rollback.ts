import { currentActor } from '../actor.ts';
import type { CommandRun } from '../command.ts';
import { modelOf, textOption } from '../rollout/options.ts';

/** `mlops rollback`: all traffic to the stable version now, verified and journaled; a running ramp yields to it. */
export const run: CommandRun = async (context, input) => {
  const model = await modelOf(context, input);
  if (input.dryRun)
    return {
      exitCode: 0,
      data: { dryRun: true, model },
      text: `Nothing is changed. This would put all traffic of ${model} on its stable version.`,
    };
  const emergency = await context.composition.emergency();
  const { before, after, verifiedAt } = await emergency.roll({
    model,
    actor: currentActor(),
    reason: textOption(input, 'reason', 'no reason given'),
  });
  const [from, to] = [before.split.canaryBasisPoints / 100, after.split.canaryBasisPoints / 100];
  context.say(`Undo with: mlops rollout start --model ${model} --to ${before.split.canary?.version ?? 'VERSION'}`);
  return {
    exitCode: 0,
    data: {
      model,
      stableVersion: after.split.stable.version,
      fromPercent: from,
      toPercent: to,
      generation: after.generation,
      verifiedAt,
    },
    text: `${model}: canary ${from} % → ${to} %, all traffic on ${after.split.stable.version} (generation ${after.generation}), verified ${verifiedAt}`,
  };
};
