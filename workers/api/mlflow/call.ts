import type { MlflowParts } from '../../../adapters/postgres/registry/mlflow/parts.ts';
import type { EventActor } from '../../../domain/governance/event-draft.ts';
import type { Action } from '../../../domain/governance/permissions.ts';
import type { Fields } from '../../../domain/registry/mlflow/fields.ts';
import type { WebhookOffice } from '../../webhooks.ts';

/** What calls are answered by. */
export interface ServedParts extends MlflowParts {
  readonly webhooks: WebhookOffice;
}

/** One call of the protocol: where it is asked for, who may, and what it does. */
export interface MlflowCall {
  readonly methods: readonly ('GET' | 'POST' | 'PATCH' | 'DELETE')[];
  /** Below the prefix of the protocol. */
  readonly path: string;
  readonly action: Action | ((fields: Fields) => Action);
  /** What it is about, where that is no model. */
  readonly resource?: (fields: Fields) => string;
  run(parts: ServedParts, fields: Fields, actor: EventActor): Promise<object>;
}
