import { describe, expect, it } from 'vitest';
import type { CurrentIdentity } from '../../../adapters/identity/own-identity.ts';
import type { Authority } from '../../../adapters/postgres/identity/authority.ts';
import { createRegistry } from '../../../adapters/postgres/registry/registry.ts';
import type { MlflowCall } from '../../../workers/api/mlflow/call.ts';
import { MODEL_CALLS } from '../../../workers/api/mlflow/model-calls.ts';
import { VERSION_CALLS } from '../../../workers/api/mlflow/version-calls.ts';
import { WEBHOOK_CALLS } from '../../../workers/api/mlflow/webhook-calls.ts';
import { guardRegistry } from '../../../workers/guarded-registry.ts';

/** Which cell of the table of roles each verb asks for, written a second time: a verb that asks for another is open to others. */
const VERBS: Readonly<Record<string, string | null>> = {
  register: 'model.register',
  version: 'model.read',
  versions: 'model.read',
  models: 'model.read',
  // Asked on the way to what is guarded: the version that is believed to be in production, and what ids mean.
  production: null,
  names: null,
  promote: 'model.promote',
  goBack: 'model.promote',
  demote: 'model.demote',
  retire: 'model.retire',
  alias: 'model.alias',
  endpoint: 'model.endpoint',
  tag: 'model.tag',
  describe: 'model.tag',
  verify: 'model.read',
  signer: 'model.read',
  history: 'model.read',
  productionAt: 'model.read',
  lineage: 'model.read',
  conflicts: 'model.read',
  depend: 'model.register',
  export: 'model.export',
  import: 'model.import',
};

describe('the registry', () => {
  const none = createRegistry({} as never);

  it('is guarded verb by verb', () => {
    const guarded = guardRegistry({ ...none, added: () => 'done' } as never, {} as never, {} as never);
    expect(Object.keys(guarded).toSorted(), 'and what was added by nobody is not there').toEqual(
      Object.keys(VERBS).toSorted(),
    );
  });

  it('has no verb that is not in this table', () => {
    expect(Object.keys(none).toSorted()).toEqual(Object.keys(VERBS).toSorted());
  });

  it.each(Object.entries(VERBS).filter(([, action]) => action !== null))('asks for %s: %s', async (verb, action) => {
    const asked: string[] = [];
    const authority: Pick<Authority, 'authorise'> = {
      async authorise(_claim, request) {
        asked.push(request.action);
        return await Promise.reject(new Error('not allowed'));
      },
    };
    const identity: CurrentIdentity = { actor: 'ada', claim: () => ({ actor: 'ada' }) };
    const guarded = guardRegistry(none, authority as Authority, identity) as unknown as Record<
      string,
      (order: object) => Promise<unknown> | AsyncIterator<unknown>
    >;
    const called = guarded[verb]?.({ model: 'm', version: '1.0.0' });
    await expect(called !== undefined && 'next' in called ? called.next() : called).rejects.toThrow('not allowed');
    expect(asked).toEqual([action]);
  });
});

describe('the protocol of MLflow', () => {
  const wantedOf = ({ action, methods, path }: MlflowCall): string[] =>
    typeof action === 'string'
      ? [`${methods.join()} ${path}: ${action}`]
      : ['None', 'Staging', 'Production', 'Archived'].map(
          (stage) => `${methods.join()} ${path} to ${stage}: ${action({ stage })}`,
        );

  it('asks for these, call by call', () => {
    expect([...MODEL_CALLS, ...VERSION_CALLS, ...WEBHOOK_CALLS].flatMap(wantedOf)).toEqual([
      'POST /registered-models/create: model.register',
      'GET /registered-models/get: model.read',
      'PATCH /registered-models/update: model.tag',
      'POST /registered-models/rename: model.register',
      'DELETE /registered-models/delete: model.retire',
      'GET /registered-models/search: model.read',
      'POST,GET /registered-models/get-latest-versions: model.read',
      'POST /registered-models/set-tag: model.tag',
      'DELETE /registered-models/delete-tag: model.tag',
      'POST /registered-models/alias: model.alias',
      'DELETE /registered-models/alias: model.alias',
      'GET /registered-models/alias: model.read',
      'POST /model-versions/create: model.register',
      'GET /model-versions/get: model.read',
      'PATCH /model-versions/update: model.tag',
      'DELETE /model-versions/delete: model.retire',
      'GET /model-versions/search: model.read',
      'GET /model-versions/get-download-uri: model.read',
      'POST /model-versions/set-tag: model.tag',
      'DELETE /model-versions/delete-tag: model.tag',
      'POST /model-versions/transition-stage to None: model.demote',
      'POST /model-versions/transition-stage to Staging: model.promote',
      'POST /model-versions/transition-stage to Production: model.promote',
      'POST /model-versions/transition-stage to Archived: model.retire',
      'POST /webhooks: webhook.manage',
      'GET /webhooks: webhook.read',
      'GET /webhooks/:webhook_id: webhook.read',
      'PATCH /webhooks/:webhook_id: webhook.manage',
      'DELETE /webhooks/:webhook_id: webhook.manage',
      'POST /webhooks/:webhook_id/test: webhook.manage',
    ]);
  });
});
