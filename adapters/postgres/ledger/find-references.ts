import type { Pool } from 'pg';
import type { Referenced } from '../../../domain/governance/claims.ts';
import type { EventCategory } from '../../../domain/governance/event-draft.ts';
import { resourceOfVersion } from '../../../domain/registry/resource-names.ts';
import { query } from '../query.ts';

/**
 * What references lead to: `ledger:<sequence>` to an event, `sha256:<digest>` to versions with that artifact, or registered as explaining
 * something. Those that lead nowhere are not there.
 */
export async function findReferences(
  pool: Pool,
  references: readonly string[],
): Promise<ReadonlyMap<string, readonly Referenced[]>> {
  const found = [...(await findEvents(pool, references)), ...(await findVersions(pool, references))];
  const grouped = Map.groupBy(found, ([reference]) => reference);
  return new Map([...grouped].map(([reference, entries]) => [reference, entries.map(([, one]) => one)]));
}

async function findEvents(pool: Pool, references: readonly string[]): Promise<[string, Referenced][]> {
  const rows = await query<{ sequence: string; type: string; category: EventCategory; resource: string }>(
    pool,
    'SELECT sequence, type, category, resource FROM ledger_event WHERE sequence = ANY ($1::bigint[])',
    [numbersAfter(references, 'ledger:').map(Number)],
  );
  return rows.map(({ category, resource, sequence, type }) => [
    `ledger:${sequence}`,
    { resources: [resource], event: { category, type } },
  ]);
}

async function findVersions(pool: Pool, references: readonly string[]): Promise<[string, Referenced][]> {
  const rows = await query<{ digest: string; name: string; version: string; explains: string | null }>(
    pool,
    `SELECT v.artifact_digest AS digest, m.name, v.version, v.content -> 'metadata' ->> 'explains' AS explains
     FROM model_version v JOIN model m USING (model_id) WHERE v.artifact_digest = ANY ($1::text[])`,
    [numbersAfter(references, 'sha256:')],
  );
  return rows.map(({ digest, explains, name, version }) => [
    `sha256:${digest}`,
    { resources: [resourceOfVersion(name, version), ...(explains === null ? [] : [explains])], event: null },
  ]);
}

function numbersAfter(references: readonly string[], prefix: string): string[] {
  return references.filter((one) => one.startsWith(prefix)).map((one) => one.slice(prefix.length));
}
