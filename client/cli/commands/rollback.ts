import { messageOf, MlopsError } from '../../../domain/errors.ts';
import type { ArmTarget, LiveSplit } from '../../../domain/rollout/split.ts';
import type { CommandContext, CommandRun } from '../command.ts';
import { given } from '../given.ts';
import { modelOf, textOption } from '../rollout/options.ts';
import { startCommand } from '../rollout/undo.ts';
import { rolloutVerbsOf } from '../rollout/verbs.ts';

/** `mlops rollback`: all traffic to the stable version now, verified and journaled; a running ramp yields to it. Warns when that is down. */
export const run: CommandRun = async (context, input) => {
  const model = await modelOf(context, input);
  if (input.dryRun) {
    const live = await (await context.composition.router()).observe(model);
    if (live === null) throw new MlopsError('ROLLBACK_NOTHING_LIVE', { model });
    return {
      exitCode: 0,
      data: { dryRun: true, ...changeOf(live), generation: live.generation },
      text: `Nothing is changed. This would do: ${inWords(live)} (generation ${live.generation} now)`,
    };
  }
  const order = { model, ...given({ reason: textOption(input, 'reason') || null }) };
  const { before, after, verifiedAt, journaled } = await rolloutVerbsOf(context).rollback(order);
  // The order is a person's and is carried out first, whatever state stable is in.
  const { stable } = after.split;
  const stableProblem = await problemOf(context, stable);
  if (stableProblem !== null)
    context.say(
      `Warning: stable ${stable.version} at ${stable.endpoint} is not healthy (${stableProblem}): all users are on it now`,
    );
  context.say(await undoOf(context, before));
  return {
    exitCode: 0,
    data: { ...changeOf(before), generation: after.generation, verifiedAt, stableProblem, journaled },
    text: `${inWords(before)} (generation ${after.generation}), verified ${verifiedAt}`,
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

function changeOf({ split }: LiveSplit): object {
  const { model, stable, canaryBasisPoints } = split;
  return { model, stableVersion: stable.version, fromPercent: canaryBasisPoints / 100, toPercent: 0 };
}

function inWords({ split: { model, stable, canaryBasisPoints, mirrorBasisPoints } }: LiveSplit): string {
  const copies = mirrorBasisPoints === 0 ? '' : `, copies ${mirrorBasisPoints / 100} % → 0 %`;
  return `${model}: canary ${canaryBasisPoints / 100} % → 0 %${copies}, all traffic on ${stable.version}`;
}

async function undoOf(context: CommandContext, { split }: LiveSplit): Promise<string> {
  const { model, stable, canary, canaryBasisPoints, mirrorBasisPoints } = split;
  if (canary === null || (canaryBasisPoints === 0 && mirrorBasisPoints === 0))
    return `Nothing to undo: all traffic of ${model} was on ${stable.version} already`;
  const again = { model, from: stable.version, to: canary.version, profile: 'default', target: canary };
  return `Undo with: ${startCommand(await context.config(), again)}`;
}
