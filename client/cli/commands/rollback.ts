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
  const reason = textOption(input, 'reason');
  const { before, after, verifiedAt, journaled } = await emergency.roll(
    { model, actor: currentActor(), reason: reason === '' ? null : reason },
    ({ line, file, problem }) =>
      context.say(
        `Warning: this rollback goes on WITHOUT its journal: ${problem}. Keep the next line; add it to ${file} once that can be written.\n${line}`,
      ),
  );
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
      journaled,
    },
    text: `${model}: canary ${from} % → ${to} %, all traffic on ${after.split.stable.version} (generation ${after.generation}), verified ${verifiedAt}`,
  };
};
