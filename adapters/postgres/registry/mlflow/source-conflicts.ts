import type { EventActor } from '../../../../domain/governance/event-draft.ts';
import {
  remedyOf,
  type ConflictKind,
  type SourceConflict,
} from '../../../../domain/registry/mlflow/source-conflict.ts';
import type { SourceVersion } from '../../../../domain/registry/mlflow/version-source.ts';
import { draftOfRegistry, type RegistryAct } from '../../../../domain/registry/registry-drafts.ts';
import type { LedgerTransaction } from '../../ledger/ledger.ts';
import type { EvidenceParts } from '../../rollout-store.ts';
import { run, type Queries } from '../versions.ts';

/** A version of another registry. */
export interface Named extends Pick<SourceVersion, 'model' | 'ordinal' | 'createdAt'> {
  readonly url: string;
}

/** What keeps it. */
export interface Problem {
  readonly kind: ConflictKind;
  readonly problem: string;
}

/** More are not listed. */
export const MOST_CONFLICTS = 1000;

/** A conflict as people and programs look at it. */
export function shownConflict({ createdAt: _createdAt, ...shown }: SourceConflict & Named): SourceConflict {
  return shown;
}

interface Row extends Record<string, unknown> {
  readonly url: string;
  readonly model: string;
  readonly ordinal: string;
  readonly made_at: Date;
  readonly kind: ConflictKind;
  readonly problem: string;
  readonly found_at: Date;
  readonly tried_at: Date;
}

/** Notes that a version could not be taken over; the same again is no change. */
export async function noteConflict(
  parts: EvidenceParts,
  named: Named,
  found: Problem,
  actor: EventActor,
): Promise<void> {
  const same = await run(
    parts.pool,
    `UPDATE registry_conflict SET tried_at = clock_timestamp() WHERE ${IS_OPEN} AND (kind, problem) = ($5, $6) RETURNING 1`,
    [...keyOf(named), found.kind, found.problem],
  );
  if (same.length > 0) return;
  await parts.ledger.transact(async (transaction) => {
    const { client, next } = transaction;
    await client.query(
      `INSERT INTO registry_conflict AS c (url, model, ordinal, made_at, kind, problem, found_at, tried_at, ledger_sequence)
       SELECT $1, $2, $3, $4, $5, $6, at, at, $7 FROM clock_timestamp() AS at
       ON CONFLICT (url, model, ordinal, made_at) DO UPDATE SET kind = EXCLUDED.kind, problem = EXCLUDED.problem,
         found_at = CASE WHEN c.ended_at IS NULL THEN c.found_at ELSE EXCLUDED.found_at END, tried_at = EXCLUDED.tried_at,
         ended_at = NULL, ledger_sequence = EXCLUDED.ledger_sequence`,
      [...keyOf(named), found.kind, found.problem, next],
    );
    say(transaction, 'not-taken-over', named, { facts: { kind: found.kind }, actor });
  });
}

/** Notes that nothing keeps a version any more: it was taken over, or it is gone. */
export async function endConflict(
  parts: EvidenceParts,
  named: Named,
  end: { readonly how: 'taken-over' | 'gone'; readonly actor: EventActor },
): Promise<void> {
  const open = await run(parts.pool, `SELECT FROM registry_conflict WHERE ${IS_OPEN}`, keyOf(named));
  if (open.length === 0) return;
  await parts.ledger.transact(async (transaction) => {
    const { client, next } = transaction;
    const { rowCount } = await client.query(
      `UPDATE registry_conflict SET ended_at = clock_timestamp(), ledger_sequence = $5 WHERE ${IS_OPEN}`,
      [...keyOf(named), next],
    );
    if (rowCount === 1) say(transaction, 'conflict-ended', named, { facts: { how: end.how }, actor: end.actor });
  });
}

/** Those that wait to be tried again: of one registry the ones that were tried longest ago, or all that there are. */
export async function openConflicts(
  queries: Queries,
  { limit, url }: { readonly url: string | null; readonly limit: number },
): Promise<readonly (SourceConflict & Named)[]> {
  const rows = await run<Row>(
    queries,
    `SELECT * FROM registry_conflict WHERE ended_at IS NULL AND ($1::text IS NULL OR url = $1)
     ORDER BY tried_at, model, ordinal LIMIT $2`,
    [url, limit],
  );
  return rows.map((row) => ({
    url: row.url,
    model: row.model,
    ordinal: Number(row.ordinal),
    createdAt: row.made_at.getTime(),
    kind: row.kind,
    problem: row.problem,
    remedy: remedyOf(row.kind),
    foundAt: row.found_at.toISOString(),
    triedAt: row.tried_at.toISOString(),
  }));
}

/** Up to where another registry was read, and how many of its versions could not be taken over. */
export async function readStanding(
  queries: Queries,
  url: string,
): Promise<{ readonly readUntil: string | null; readonly conflicts: number }> {
  const [row] = await run<{ read_until: Date | null; conflicts: string }>(
    queries,
    `SELECT (SELECT read_until FROM registry_source WHERE url = $1) AS read_until,
       (SELECT count(*) FROM registry_conflict WHERE url = $1 AND ended_at IS NULL) AS conflicts`,
    [url],
  );
  return { readUntil: row?.read_until?.toISOString() ?? null, conflicts: Number(row?.conflicts ?? 0) };
}

const IS_OPEN = '(url, model, ordinal, made_at) = ($1, $2, $3, $4) AND ended_at IS NULL';

function keyOf({ createdAt, model, ordinal, url }: Named): [string, string, number, string] {
  return [url, model, ordinal, new Date(createdAt).toISOString()];
}

/** Names of elsewhere are sealed: they need not be such as may stand in the log. */
function say(
  { append }: LedgerTransaction,
  act: RegistryAct,
  { model, ordinal, url }: Named,
  { actor, facts }: { readonly facts: { readonly [name: string]: string }; readonly actor: EventActor },
): void {
  append(draftOfRegistry(act, { resource: 'model', facts, words: { url, model, ordinal } }, actor));
}
