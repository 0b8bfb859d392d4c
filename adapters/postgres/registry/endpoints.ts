import { MlopsError } from '../../../domain/errors.ts';
import type { EventActor } from '../../../domain/governance/event-draft.ts';
import type { EndpointOutcome } from '../../../domain/registry/records.ts';
import { draftOfRegistry } from '../../../domain/registry/registry-drafts.ts';
import { resourceOfVersion } from '../../../domain/registry/resource-names.ts';
import { assertAllowedEndpoint } from '../../../domain/rollout/endpoint.ts';
import type { RegistryParts } from './parts.ts';
import { refusalsRecorded } from './refusals.ts';
import { requireVersion } from './versions.ts';

/** Who says where a version answers. */
export interface EndpointOrder {
  readonly model: string;
  /** A version, or an alias that means one. */
  readonly version: string;
  /** Base URL; null: nowhere any more. */
  readonly endpoint: string | null;
  readonly reason: string;
  readonly actor: string;
}

/**
 * Says where a version answers in this environment. Nobody's traffic moves by that: the next rollout goes there. Saying it again
 * changes nothing.
 *
 * @throws VERSION_NOT_FOUND, VERSION_RETIRED, ENDPOINT_NOT_ALLOWED, USAGE_INVALID
 */
export async function setEndpoint(parts: RegistryParts, order: EndpointOrder): Promise<EndpointOutcome> {
  if (order.endpoint !== null) assertPlain(order.endpoint, parts.endpointHosts);
  const actor = await parts.principals.actor(order.actor);
  const attempt = { action: 'model.endpoint', resource: resourceOfVersion(order.model, order.version), actor };
  return await refusalsRecorded(parts, attempt, async () => await write(parts, order, actor));
}

/** @throws USAGE_INVALID, ENDPOINT_NOT_ALLOWED */
function assertPlain(endpoint: string, hosts: readonly string[]): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null;
  const secret = url === null ? '' : `${url.username}${url.password}${url.search}`;
  // It is written into the ledger, which never forgets.
  if (secret !== '')
    throw new MlopsError('USAGE_INVALID', {
      problem: `Endpoint at ${url?.host ?? ''} has a user, a password or a query in it, wanted none`,
      hint: 'Name the address alone, for example http://rag-v2.internal:8080',
    });
  assertAllowedEndpoint(endpoint, hosts);
}

async function write(parts: RegistryParts, order: EndpointOrder, actor: EventActor): Promise<EndpointOutcome> {
  const { environment } = parts;
  const { endpoint, reason } = order;
  return await parts.ledger.transact(async ({ append, client, next }) => {
    const row = await requireVersion(client, environment, order);
    const { model, version } = row.content;
    if (row.retired_at !== null)
      throw new MlopsError('VERSION_RETIRED', { model, version, action: 'given an endpoint' });
    const outcome = { version, endpoint, before: row.endpoint };
    if (endpoint === row.endpoint) return outcome;
    await client.query(
      `INSERT INTO version_endpoint (version_id, environment, endpoint, changed_at, ledger_sequence)
       VALUES ($1, $2, $3, date_trunc('milliseconds', clock_timestamp()), $4)
       ON CONFLICT (version_id, environment) DO UPDATE
       SET endpoint = EXCLUDED.endpoint, changed_at = EXCLUDED.changed_at, ledger_sequence = EXCLUDED.ledger_sequence`,
      [row.version_id, environment, endpoint, next],
    );
    append(
      draftOfRegistry(
        endpoint === null ? 'endpoint-removed' : 'endpoint-set',
        {
          resource: resourceOfVersion(model, version),
          facts: { environment, endpoint, before: row.endpoint },
          ...(reason === '' ? {} : { words: { reason } }),
        },
        actor,
      ),
    );
    return outcome;
  });
}
