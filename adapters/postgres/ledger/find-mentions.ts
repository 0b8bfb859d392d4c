import type { Pool } from 'pg';
import { query } from '../query.ts';

/** Something in the registry that may name a person, and in which of its parts. */
export interface Mention {
  /** `model/rag_api/1.1.0`, `approval/apr-...`, `principal:...` */
  readonly resource: string;
  /**
   * `registered`: as it was registered, which never changes; `description`, `tags`, `source`: as they are now; `request`: what was asked of
   * approvers; `imported name`: what an import calls somebody, which is erased by that id.
   */
  readonly places: readonly string[];
}

/** What an erasure does not reach in the registry. */
export interface Mentions {
  /** By a name or id in what people typed; at most `MOST`. */
  readonly mentions: readonly Mention[];
  /** There are more than are listed. */
  readonly hasMore: boolean;
  /** Versions and models whose author they are: by their id, which means nobody after an erasure. */
  readonly authored: number;
}

interface Row {
  readonly resource: string;
  readonly places: readonly (string | null)[];
}

const MOST = 100;

/** Looks for somebody, by all that they are known by, in what the registry keeps of what people typed. */
export async function findMentions(pool: Pool, subject: string, who: readonly string[]): Promise<Mentions> {
  const rows = await query<Row>(pool, TEXTS, [`(^|[^[:alnum:]_])(${who.map(escape).join('|')})($|[^[:alnum:]_])`]);
  const mentions = rows.map(({ places, resource }) => ({ resource, places: places.filter((place) => place !== null) }));
  const [counted] = await query<{ authored: string }>(pool, AUTHORED, [subject]);
  return {
    mentions: mentions.slice(0, MOST),
    hasMore: mentions.length > MOST,
    authored: Number(counted?.authored ?? 0),
  };
}

/** $1: a regular expression, upper and lower case alike. What was approved is of the approval, whatever its subject is called by. */
const TEXTS = `
  SELECT * FROM (
    SELECT 'model/' || m.name || '/' || v.version AS resource, ARRAY[
      CASE WHEN v.content::text ~* $1 THEN 'registered' END,
      CASE WHEN v.description ~* $1 THEN 'description' END,
      CASE WHEN v.tags::text ~* $1 THEN 'tags' END,
      CASE WHEN v.source ~* $1 OR v.run_link ~* $1 THEN 'source' END] AS places
    FROM model_version v JOIN model m USING (model_id)
    UNION ALL
    SELECT 'model/' || name, ARRAY[
      CASE WHEN description ~* $1 THEN 'description' END, CASE WHEN tags::text ~* $1 THEN 'tags' END] FROM model
    UNION ALL
    SELECT 'approval/' || approval_id, ARRAY[CASE WHEN action::text ~* $1 OR evidence::text ~* $1 THEN 'request' END]
    FROM (SELECT approval_id, kind, action, evidence FROM approval_request
      UNION ALL SELECT approval_id, kind, action, evidence FROM imported_approval) AS asked WHERE kind <> 'erasure'
    UNION ALL
    SELECT principal_id, ARRAY[CASE WHEN name ~* $1 THEN 'imported name' END] FROM imported_principal
  ) AS found WHERE array_remove(places, NULL) <> '{}' ORDER BY resource LIMIT ${MOST + 1}`;

const AUTHORED = `
  SELECT (SELECT count(*) FROM model_version WHERE author = $1) + (SELECT count(*) FROM model WHERE author = $1) AS authored`;

/** A name as itself in a regular expression. */
function escape(name: string): string {
  return name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
