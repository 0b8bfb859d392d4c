import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { messageOf, MlopsError } from '../../../domain/errors.ts';
import {
  EXPORTED_TABLES,
  parseRegistryHeader,
  parseRegistryLine,
  parseRegistryTrailer,
  REGISTRY_TABLES,
  type RegistryLine,
  type RegistryTable,
} from '../../../domain/registry/export-format.ts';
import type { ImportReport } from '../../../domain/registry/records.ts';
import { draftOfRegistry } from '../../../domain/registry/registry-drafts.ts';
import { sha256Of } from '../../crypto/sha256.ts';
import type { LedgerTransaction } from '../ledger/ledger.ts';
import { requireAdminRole } from '../roles/require-admin-role.ts';
import { linesOf } from './export-rows.ts';
import type { RegistryParts } from './parts.ts';
import { refusalsRecorded } from './refusals.ts';
import { run } from './versions.ts';

const ROWS_AT_ONCE = 1000;

/** Tables whose keys the database counts. */
const COUNTED = { model: 'model_id', model_version: 'version_id', stage_change: 'change_id' };

/** Where rows go that must not be taken for those of this installation: nobody gets in by them, and nothing is allowed by them. */
const KEPT_APART: Readonly<Partial<Record<RegistryTable, string>>> = {
  approval_request: 'imported_approval',
  approval_decision: 'imported_decision',
  principal: 'imported_principal',
};

/** Whom an id means here, and what was asked here, is not for a file to say. */
const UNLESS_KNOWN: Readonly<Partial<Record<RegistryTable, string>>> = {
  approval_request: 'WHERE NOT EXISTS (SELECT FROM approval_request a WHERE a.approval_id = given.approval_id)',
  approval_decision: 'WHERE NOT EXISTS (SELECT FROM approval_request a WHERE a.approval_id = given.approval_id)',
  principal: 'WHERE NOT EXISTS (SELECT FROM principal p WHERE p.principal_id = given.principal_id)',
};

/** Classes of SQLSTATE that say that a row is none: a value that cannot be, a rule that is broken. */
const NO_ROW = /^2[23]/;

/** What a file says, once it was checked from its first line to its last. */
interface ReadFile {
  /** Those that a file of its release may have. */
  readonly tables: readonly RegistryTable[];
  readonly rows: ReadonlyMap<RegistryTable, readonly Readonly<Record<string, unknown>>[]>;
  readonly count: number;
  readonly sha256: string;
  readonly lines: readonly string[];
}

/**
 * Puts an export into an empty registry; into one that holds exactly this, it changes nothing.
 *
 * @throws REGISTRY_IMPORT_INVALID for a file that is not whole, REGISTRY_IMPORT_DIFFERS where the registry holds something else,
 *   DATABASE_ROLE_MISSING
 */
export async function importRegistry(
  parts: RegistryParts,
  order: { readonly lines: AsyncIterable<string>; readonly actor: string },
): Promise<ImportReport> {
  const file = await readFile(order.lines);
  await requireAdminRole(parts.pool, 'model.import');
  const actor = await parts.principals.actor(order.actor);
  const report = await refusalsRecorded(
    parts,
    { action: 'model.import', resource: 'model', actor },
    async () =>
      await parts.ledger.transact(async (transaction) => {
        await transaction.client.query(`SET LOCAL timezone = 'UTC'`);
        const there = await firstDifference(transaction, file);
        if (there === 'same') return { rows: 0, isNew: false };
        await insertRows(transaction, file);
        // Nothing of it is lost: what is there now says what the file says, or nothing is taken in.
        await firstDifference(transaction, file);
        const facts = { rows: file.count, sha256: file.sha256 };
        transaction.append(draftOfRegistry('imported', { resource: 'model', facts }, actor));
        return { rows: file.count, isNew: true };
      }),
  );
  // The planner must know of a registry that has become large at once.
  if (report.isNew) await run(parts.pool, `ANALYZE ${REGISTRY_TABLES.join(', ')}`);
  return report;
}

/** @throws REGISTRY_IMPORT_INVALID naming the line */
async function readFile(source: AsyncIterable<string>): Promise<ReadFile> {
  const rows = new Map<RegistryTable, Readonly<Record<string, unknown>>[]>(EXPORTED_TABLES.map((table) => [table, []]));
  const hash = createHash('sha256');
  const lines: string[] = [];
  let at = 0;
  let tables: readonly RegistryTable[] | null = null;
  let trailer: ReturnType<typeof parseRegistryTrailer> = null;
  const invalid = (problem: string): never => {
    throw new MlopsError('REGISTRY_IMPORT_INVALID', { line: at, problem });
  };
  for await (const text of source) {
    at += 1;
    if (trailer !== null) invalid('there is more after its end');
    if (tables === null) {
      tables = parseRegistryHeader(text) ?? invalid('it is not an export of a registry, or one of a later release');
      continue;
    }
    trailer = parseRegistryTrailer(text);
    if (trailer !== null) continue;
    const line: RegistryLine | string = parseRegistryLine(text, tables, sha256Of);
    if (typeof line === 'string') return invalid(line);
    rows.get(line.table)?.push(line.row);
    lines.push(text);
    hash.update(`${text}\n`);
  }
  const sha256 = hash.digest('hex');
  if (tables === null || trailer === null) return invalid('it ends too early');
  if (trailer.rows !== lines.length || trailer.sha256 !== sha256) invalid('its rows are not those it was written with');
  return { tables, rows, count: lines.length, sha256, lines };
}

/** @throws REGISTRY_IMPORT_DIFFERS naming the first line that differs */
async function firstDifference({ client }: LedgerTransaction, file: ReadFile): Promise<'same' | 'empty'> {
  const { rows } = await client.query('SELECT FROM model LIMIT 1');
  if (rows.length === 0 && file.count > 0) return 'empty';
  let at = 0;
  for await (const group of linesOf(client, file.tables))
    for (const text of group) {
      if (!text.startsWith('{"table":')) continue;
      if (!saysTheSame(text, file.lines[at] ?? ''))
        throw new MlopsError('REGISTRY_IMPORT_DIFFERS', {
          there: shorten(text.trimEnd()),
          given: shorten(file.lines[at] ?? 'nothing'),
        });
      at += 1;
    }
  if (at < file.lines.length)
    throw new MlopsError('REGISTRY_IMPORT_DIFFERS', { there: 'nothing', given: shorten(file.lines[at] ?? '') });
  return 'same';
}

/** Of what an export of an earlier release says; columns that came later are none of it. */
function saysTheSame(there: string, given: string): boolean {
  if (there === `${given}\n`) return true;
  if (given === '') return false;
  const [ours, theirs] = [JSON.parse(there) as RegistryLine, JSON.parse(given) as RegistryLine];
  const asked = Object.entries(ours.row).filter(([name]) => Object.hasOwn(theirs.row, name));
  // Who was erased here stays so, whatever a file says that was written before.
  const said = ours.table === 'principal' && ours.row['name'] === null ? { ...theirs.row, name: null } : theirs.row;
  return ours.table === theirs.table && isDeepStrictEqual(Object.fromEntries(asked), said);
}

function shorten(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`;
}

async function insertRows({ client, next }: LedgerTransaction, { lines, rows }: ReadFile): Promise<void> {
  for (const [table, all] of rows)
    for (let at = 0; at < all.length; at += ROWS_AT_ONCE) {
      const some = all.slice(at, at + ROWS_AT_ONCE).map((row) => ({ ...row, ledger_sequence: next }));
      try {
        await client.query(insertInto(table), [JSON.stringify(some)]);
      } catch (error) {
        const { code } = error as { readonly code?: unknown };
        if (typeof code !== 'string' || !NO_ROW.test(code)) throw error;
        const first = lines.findIndex((line) => line.startsWith(`{"table":"${table}"`)) + at + 2;
        const problem = `it, or one of the ${some.length} of ${table} from there on, is none: ${messageOf(error)}`;
        throw new MlopsError('REGISTRY_IMPORT_INVALID', { line: first, problem }, { cause: error });
      }
    }
  // What is registered next goes on from there.
  for (const [table, key] of Object.entries(COUNTED))
    await client.query(
      `SELECT setval(pg_get_serial_sequence('${table}', '${key}'), max(${key})) FROM ${table} HAVING max(${key}) IS NOT NULL`,
    );
}

function insertInto(table: RegistryTable): string {
  const to = KEPT_APART[table] ?? table;
  return `INSERT INTO ${to} SELECT * FROM jsonb_populate_recordset(NULL::${to}, $1::jsonb) AS given ${UNLESS_KNOWN[table] ?? ''}`;
}
