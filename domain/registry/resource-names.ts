import { MODEL_NAME } from '../model-name.ts';
import type { Stage } from './stages.ts';

/** Names of things in the ledger and in approvals. What lies below a name begins with it: a hold on a model covers its versions. */
export function resourceOfModel(model: string): string {
  return `model/${model}`;
}

/** The same of a name that somebody has sent; one that no model can have stays out of the ledger: it may be anything, and is kept for good there. */
export function resourceOfAsked(model: unknown): string {
  return typeof model === 'string' && MODEL_NAME.test(model) ? resourceOfModel(model) : 'model';
}

export function resourceOfVersion(model: string, version: string): string {
  return `${resourceOfModel(model)}/${version}`;
}

/** The entry of a version into a stage of an environment: what an approval of a promotion is for. */
export function resourceOfPromotion(order: {
  readonly model: string;
  readonly version: string;
  readonly environment: string;
  readonly stage: Stage;
}): string {
  return `${resourceOfVersion(order.model, order.version)}/stage/${order.environment}/${order.stage}`;
}

/** An alias that is to mean a version: what an approval of a protected alias is for. */
export function resourceOfAlias(order: {
  readonly model: string;
  readonly version: string;
  readonly environment: string;
  readonly alias: string;
}): string {
  return `${resourceOfVersion(order.model, order.version)}/alias/${order.environment}/${order.alias}`;
}
