import { MlopsError } from '../../../domain/errors.ts';
import type { RolloutAction } from '../../rollouts/actions.ts';
import { rolloutIdOf } from '../../rollouts/rollout-id.ts';
import { currentActor } from '../actor.ts';
import type { CommandInput, CommandRun } from '../command.ts';
import { modelOf, textOption } from './options.ts';

/** How each action is taken back. */
const UNDO: Readonly<Record<RolloutAction['kind'], string>> = {
  approve: 'abort',
  deny: 'start',
  pause: 'resume',
  resume: 'pause',
  promote: 'abort',
  abort: 'start',
};

/** A command that sends one action to the model's open rollout. */
export function actionCommand(kind: RolloutAction['kind']): CommandRun {
  return async (context, input) => {
    const model = await modelOf(context, input);
    const config = await context.config();
    const rolloutId = rolloutIdOf(config.environment, model);
    if (kind === 'promote' && config.environment === 'production') assertConfirmed(input, model);
    if (input.dryRun)
      return {
        exitCode: 0,
        data: { dryRun: true, action: kind, rolloutId },
        text: `Nothing is changed. This would ${kind} ${rolloutId}.`,
      };
    const rollouts = await context.composition.rollouts();
    const action = {
      kind,
      actor: currentActor(),
      reason: textOption(input, 'reason'),
      full: input.options['full'] === true,
    };
    const { what } = await rollouts.act(model, action);
    context.say(`Workflow ${rolloutId}: ${await context.composition.workflowUrl(rolloutId, null)}`);
    context.say(`Undo with: mlops rollout ${UNDO[kind]} --model ${model}`);
    return {
      exitCode: 0,
      data: { accepted: true, action: kind, model, rolloutId, what },
      text: `${kind}: accepted, ${what}`,
    };
  };
}

/** In production nobody skips a gate by a line from the history of another shell. */
function assertConfirmed(input: CommandInput, model: string): void {
  if (textOption(input, 'confirm') === model) return;
  throw new MlopsError('USAGE_INVALID', {
    problem: `Promote in production refused: --confirm must name the model, wanted ${model}`,
    hint: `Add --confirm ${model} when gates and evidence may be skipped`,
  });
}
