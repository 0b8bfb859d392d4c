import {
  ORIGIN_TAG,
  type SourceVersion,
  type VersionSource,
} from '../../../../domain/registry/mlflow/version-source.ts';
import { run, type Queries } from '../versions.ts';

/** What was taken over before. */
export interface Known extends Record<string, unknown> {
  /** As it is called here. */
  readonly model: string;
  readonly ordinal: number;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly taken_from: string;
  readonly is_deleted: boolean;
}

const KNOWN = `SELECT m.name AS model, v.ordinal, v.description, v.tags, v.taken_from, v.deleted_at IS NOT NULL AS is_deleted
  FROM model_version v JOIN model m USING (model_id)`;

/** So many versions before one are looked for to know its model by. */
const MOST_SIBLINGS = 50;

type From = Pick<VersionSource, 'url' | 'version'>;

/** Where a version is there, for people. */
export function originOf(
  { url }: Pick<VersionSource, 'url'>,
  { model, ordinal }: Pick<SourceVersion, 'model' | 'ordinal'>,
): string {
  return `${url}#${model}/${ordinal}`;
}

/** What a version is known again by: a number is given out anew when its model was deleted and made again. */
export function identityOf(source: Pick<VersionSource, 'url'>, version: SourceVersion): string {
  return `${originOf(source, version)}@${version.createdAt}`;
}

/** The version here that was taken over from one there, under its name of now or of before; null for none. @throws REGISTRY_SOURCE_FAILED */
export async function findKnown(queries: Queries, source: From, version: SourceVersion): Promise<Known | null> {
  const values = [identityOf(source, version), originOf(source, version), version.source, version.runId];
  // Of some, only the number is known: source and run never change where they come from, so they tell as much.
  const [there] = await run<Known>(
    queries,
    `${KNOWN} WHERE v.taken_from <> '' AND (v.taken_from = $1 OR (v.taken_from = $2 AND v.source = $3 AND v.run_id = $4))
     ORDER BY v.version_id LIMIT 1`,
    values,
  );
  return there ?? (await findRenamed(queries, source, version));
}

/**
 * A model that is renamed keeps the number, the moment, the source and the run of each version. Two that agree in all of that are told apart
 * by looking whether the one is there still under the name that it was taken over by. Null where that leaves more than one, or none.
 */
async function findRenamed(queries: Queries, source: From, version: SourceVersion): Promise<Known | null> {
  if (version.source === '') return null;
  const [before, after] = [`${source.url}#`, `/${version.ordinal}@${version.createdAt}`];
  const alike = await run<Known>(
    queries,
    `${KNOWN} WHERE v.source = $1 AND v.run_id = $2 AND v.taken_from <> ''
       AND starts_with(v.taken_from, $3) AND right(v.taken_from, length($4)) = $4 LIMIT 10`,
    [version.source, version.runId, before, after],
  );
  const gone: Known[] = [];
  for (const one of alike) {
    const name = one.taken_from.slice(before.length, -after.length);
    const still = await source.version(name, version.ordinal);
    if (still?.createdAt !== version.createdAt) gone.push(one);
  }
  return gone.length === 1 ? (gone[0] ?? null) : null;
}

/** The model here that has the versions before this one, whatever it is called here or there by now; null where none is known. */
export async function modelOfSiblings(
  queries: Queries,
  source: Pick<VersionSource, 'url'>,
  { model, ordinal }: SourceVersion,
): Promise<string | null> {
  const before = Array.from({ length: Math.min(ordinal - 1, MOST_SIBLINGS) }, (_, at) => ordinal - 1 - at);
  const origins = before.map((one) => JSON.stringify({ [ORIGIN_TAG]: originOf(source, { model, ordinal: one }) }));
  const [sibling] = await run<{ name: string }>(
    queries,
    `SELECT m.name FROM model_version v JOIN model m USING (model_id)
     WHERE v.tags @> ANY ($1::jsonb[]) AND starts_with(v.taken_from, $2) AND m.retired_at IS NULL ORDER BY v.version_id DESC LIMIT 1`,
    [origins, `${source.url}#`],
  );
  return sibling?.name ?? null;
}
