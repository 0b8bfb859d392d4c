import { isMlopsError, MlopsError } from '../../../domain/errors.ts';
import type { RolloutStatus } from '../../../workflows/messages.ts';
import { assertPromotionMeant } from '../../rollouts/act.ts';
import type { RolloutAction } from '../../rollouts/actions.ts';
import { assertActionFits, foreseeAction, type ActionCourse } from '../../rollouts/foresee-action.ts';
import { rolloutIdOf } from '../../rollouts/rollout-id.ts';
import type { Rollouts } from '../../rollouts/rollouts.ts';
import type { CommandContext, CommandRun } from '../command.ts';
import { modelOf, textOption } from './options.ts';
import { startCommand } from './undo.ts';
import { rolloutVerbsOf } from './verbs.ts';

type Kind = RolloutAction['kind'];

/** How actions are taken back that do not end the rollout. */
const UNDO = { approve: 'abort', pause: 'resume', resume: 'pause', promote: 'abort' } as const;

/** A command that sends one action to the model's open rollout. */
export function actionCommand(kind: Kind): CommandRun {
  return async (context, input) => {
    const model = await modelOf(context, input);
    const config = await context.config();
    const rolloutId = rolloutIdOf(config.environment, model);
    const full = input.options['full'] === true;
    const confirm = textOption(input, 'confirm');
    assertPromotionMeant(config.environment, model, { kind, confirm });
    const rollouts = await context.composition.rollouts();
    if (input.dryRun) {
      const status = await rollouts.status(model);
      assertActionFits(kind, status);
      const course = foreseeAction(kind, status, full);
      return {
        exitCode: 0,
        data: { dryRun: true, action: kind, model, rolloutId, ...course },
        text: `Nothing is changed. This would ${kind} ${rolloutId} (${status.fromVersion} → ${status.toVersion}): ${inWords(course)}`,
      };
    }
    const before = await statusBefore(rollouts, model, kind);
    const undo = await undoOf(context, kind, before, model);
    const reason = textOption(input, 'reason');
    const { awaiting, what } = await rolloutVerbsOf(context).act(model, { kind, reason, full, confirm });
    const course = before === null || awaiting !== undefined ? null : foreseeAction(kind, before, full);
    context.say(`Workflow ${rolloutId}: ${await context.composition.workflowUrl(rolloutId, null)}`);
    if (undo !== null && awaiting === undefined) context.say(`Undo with: ${undo}`);
    return {
      exitCode: awaiting === undefined ? 0 : 6,
      data: { accepted: true, action: kind, model, rolloutId, what, ...course, undo, awaiting: awaiting ?? null },
      text: `${kind}: accepted, ${what}${course === null ? '' : `; ${inWords(course)}`}`,
    };
  };
}

function inWords({ fromPercent, toPercent }: ActionCourse): string {
  return fromPercent === toPercent ? `weight stays ${fromPercent} %` : `weight ${fromPercent} % → ${toPercent} %`;
}

/** Null when only the action itself can say what is wrong. @throws ROLLOUT_UNANSWERED, as the action would a while later */
async function statusBefore(rollouts: Rollouts, model: string, kind: Kind): Promise<RolloutStatus | null> {
  try {
    return await rollouts.status(model);
  } catch (error) {
    if (!isMlopsError(error, 'ROLLOUT_UNANSWERED')) return null;
    const action = kind.charAt(0).toUpperCase() + kind.slice(1);
    throw new MlopsError('ROLLOUT_UNANSWERED', { ...error.details, action }, { cause: error });
  }
}

/** A rollout that was ended is started again; the router still knows where its new version answers. */
async function undoOf(
  context: CommandContext,
  kind: Kind,
  before: RolloutStatus | null,
  model: string,
): Promise<string | null> {
  if (kind !== 'abort' && kind !== 'deny') return `mlops rollout ${UNDO[kind]} --model ${model}`;
  if (before === null) return null;
  if (before.profile === 'a/a') return `mlops rollout calibrate --model ${model} --run`;
  const live = await context.composition
    .router()
    .then(async (router) => await router.observe(model))
    .catch(() => null);
  return startCommand(await context.config(), {
    model,
    from: before.fromVersion,
    to: before.toVersion,
    profile: before.profile,
    target: live?.split.canary ?? null,
  });
}
