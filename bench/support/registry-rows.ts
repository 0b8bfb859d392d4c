// A large registry as an export: taken in at once, where registering each version would take an hour.
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../domain/governance/canonical-json.ts';
import type { Dependency } from '../../domain/registry/dependency.ts';
import { REGISTRY_FORMAT, type RegistryTable } from '../../domain/registry/export-format.ts';
import { completeRegistration, contentOf } from '../../domain/registry/registration.ts';
import { parseVersion, sortKeyOf } from '../../domain/registry/semver.ts';
import { sha256Of } from '../../adapters/crypto/sha256.ts';
import { registrationOf } from '../../test/support/registry.ts';

/** As the database writes it: what is taken in is compared with the file. */
const AT = '2026-11-27T10:00:00+00:00';

/** A version of an invented registry. */
export interface InventedVersion {
  readonly id: string;
  readonly model: string;
  readonly version: string;
  readonly dependencies: readonly Dependency[];
  /** The id behind each dependency; null for what is not registered. */
  readonly targets: readonly (string | null)[];
}

/** The lines of an export that holds these versions, those of one model one after the other. */
export async function* exportOf(versions: readonly InventedVersion[]): AsyncGenerator<string> {
  const counts = new Map<string, number>();
  for (const { model } of versions) counts.set(model, (counts.get(model) ?? 0) + 1);
  const ids = new Map([...counts.keys()].map((model, at) => [model, at + 1]));
  const hash = createHash('sha256');
  let rows = 0;
  const line = (table: RegistryTable, row: object): string => {
    const text = JSON.stringify({ table, row });
    hash.update(`${text}\n`);
    rows += 1;
    return text;
  };
  yield JSON.stringify({ format: REGISTRY_FORMAT });
  for (const [name, count] of [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    yield line('model', { model_id: ids.get(name), name, last_ordinal: count, created_at: AT, changed_at: AT });
  const ordinals = new Map<string, number>();
  for (const one of versions) {
    const ordinal = (ordinals.get(one.model) ?? 0) + 1;
    ordinals.set(one.model, ordinal);
    yield line('model_version', rowOf(one, ids.get(one.model) ?? 0, ordinal));
  }
  for (const { dependencies, id, targets } of versions)
    yield* dependencies
      .map(({ kind, target }, at) => ({ version_id: Number(id), kind, target, target_id: numberOf(targets[at]) }))
      .toSorted((a, b) => (`${a.kind} ${a.target}` < `${b.kind} ${b.target}` ? -1 : 1))
      .map((row) => line('model_dependency', row));
  await Promise.resolve();
  yield JSON.stringify({ rows, sha256: hash.digest('hex') });
}

function rowOf({ dependencies, id, model, version }: InventedVersion, modelId: number, ordinal: number): object {
  const completed = completeRegistration(registrationOf(model, version, { dependencies }), null);
  const parsed = parseVersion(version);
  if ('problems' in completed || parsed === null) throw new Error(`${model} ${version} is not valid`);
  const content = contentOf(completed.registration);
  return {
    version_id: Number(id),
    model_id: modelId,
    ordinal,
    version,
    sort_key: sortKeyOf(parsed),
    type: 'embedding',
    content,
    content_digest: sha256Of(canonicalJson(content)),
    artifact_digest: null,
    description: '',
    tags: {},
    author: 'principal:0001',
    registered_at: AT,
  };
}

function numberOf(id: string | null | undefined): number | null {
  return id === null || id === undefined ? null : Number(id);
}
