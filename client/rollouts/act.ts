import type { MlopsConfig } from '../../config/schema.ts';
import { isMlopsError, messageOf, MlopsError } from '../../domain/errors.ts';
import type { ActionAccepted } from '../../workflows/messages.ts';
import type { CurrentIdentity } from '../identity-port.ts';
import type { LedgerReader } from '../ledger-port.ts';
import type { RolloutAction } from './actions.ts';
import type { ActionOrder } from './rollout-input.ts';
import { rolloutIdOf } from './rollout-id.ts';
import type { Rollouts } from './rollouts.ts';

/** What an action needs of the system. */
export interface ActionParts {
  config(): Promise<Pick<MlopsConfig, 'environment'>>;
  rollouts(): Promise<Pick<Rollouts, 'act'>>;
  identity(): Promise<CurrentIdentity>;
  ledger(): Promise<Pick<LedgerReader, 'refused'>>;
  /** Tells people what went wrong beside the action. */
  readonly warn: (text: string) => void;
}

/**
 * Sends an action to the model's open rollout. A refusal leaves nothing in the workflow; that somebody tried is evidence all the same.
 *
 * @throws USAGE_INVALID, ROLLOUT_NOT_FOUND, ROLLOUT_REFUSED_ACTION, ROLLOUT_UNAUTHORISED, APPROVAL_REFUSED, ROLLOUT_UNANSWERED
 */
export async function act(parts: ActionParts, model: string, order: ActionOrder): Promise<ActionAccepted> {
  const { environment } = await parts.config();
  const { full = false, kind, reason = '' } = order;
  assertPromotionMeant(environment, model, order);
  const action = { kind, full, reason, actor: order.actor ?? (await parts.identity()).actor };
  try {
    return await (await parts.rollouts()).act(model, action);
  } catch (error) {
    await recordRefusal(parts, kind, rolloutIdOf(environment, model), error);
    throw error;
  }
}

/** In production nobody skips a gate by a line from the history of another shell. @throws USAGE_INVALID */
export function assertPromotionMeant(
  environment: string,
  model: string,
  { confirm, kind }: Pick<ActionOrder, 'confirm' | 'kind'>,
): void {
  if (kind !== 'promote' || environment !== 'production' || confirm === model) return;
  throw new MlopsError('USAGE_INVALID', {
    problem: `Promote in production refused: --confirm must name the model, wanted ${model}`,
    hint: `Add --confirm ${model} (\`confirm\` of a program) when gates and evidence may be skipped`,
  });
}

async function recordRefusal(
  parts: ActionParts,
  kind: RolloutAction['kind'],
  resource: string,
  error: unknown,
): Promise<void> {
  if (!isMlopsError(error, 'ROLLOUT_REFUSED_ACTION') && !isMlopsError(error, 'APPROVAL_REFUSED')) return;
  // The worker has, about the approval.
  if (error.details['isRecorded'] === true) return;
  try {
    const { actor } = await parts.identity();
    const refusal = { actor, action: `rollout.${kind}`, resource, code: error.code, problem: error.message };
    await (await parts.ledger()).refused(refusal);
  } catch (unrecorded) {
    parts.warn(`Warning: the refusal is not in the ledger: ${messageOf(unrecorded)}`);
  }
}
