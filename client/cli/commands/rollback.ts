import { messageOf } from '../../../domain/errors.ts';
import type { ArmTarget } from '../../../domain/rollout/split.ts';
import { currentActor } from '../actor.ts';
import type { CommandContext, CommandRun } from '../command.ts';
import { modelOf, textOption } from '../rollout/options.ts';

/** `mlops rollback`: all traffic to the stable version now, verified and journaled; a running ramp yields to it. Warns when that is down. */
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
  // The order is a person's and is carried out first, whatever state stable is in.
  const stableProblem = await problemOf(context, after.split.stable);
  if (stableProblem !== null)
    context.say(
      `Warning: stable ${after.split.stable.version} at ${after.split.stable.endpoint} is not healthy (${stableProblem}): all users are on it now`,
    );
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
      stableProblem,
      journaled,
    },
    text: `${model}: canary ${from} % → ${to} %, all traffic on ${after.split.stable.version} (generation ${after.generation}), verified ${verifiedAt}`,
  };
};

/** Why stable may not serve the users it was just given; null when it is healthy. */
async function problemOf({ composition }: CommandContext, { version, endpoint }: ArmTarget): Promise<string | null> {
  try {
    const { healthy, detail } = await (await composition.quickProbe()).probe(endpoint, version);
    return healthy ? null : detail;
  } catch (error) {
    return messageOf(error);
  }
}
