import type { Pool } from 'pg';
import { MlopsError } from '../../../domain/errors.ts';
import type {
  ApprovalPage,
  ApprovalStanding,
  ApprovalView,
  ListedApprovals,
} from '../../../domain/registry/approval/request.ts';
import { query } from '../query.ts';
import { namesOf } from '../ledger/principals.ts';
import { SELECT_APPROVALS, SELECT_IMPORTED, standingOf, viewOf, type ApprovalRow } from './approval-rows.ts';

/** Reads approvals as people and programs look at them. */
export function createApprovalReader(pool: Pool) {
  return {
    /** @throws APPROVAL_NOT_FOUND, DATABASE_UNREACHABLE */
    standing: async (approvalId: string): Promise<ApprovalStanding> => standingOf(await findRow(pool, approvalId)),

    /** With the name of who looks as well. @throws APPROVAL_NOT_FOUND, DATABASE_UNREACHABLE */
    view: async (approvalId: string, looker?: string): Promise<ApprovalView> => {
      const row = await findRow(pool, approvalId);
      return viewOf(row, await namesFor(pool, [row], looker), looker);
    },

    /** The same, and those that an import brought: for people to look at, and for nothing that decides. @throws as `view` */
    async shown(approvalId: string): Promise<ApprovalView> {
      const [imported] = await query<ApprovalRow>(pool, `${SELECT_IMPORTED} WHERE r.approval_id = $1`, [approvalId]);
      const row = imported ?? (await findRow(pool, approvalId));
      return viewOf(row, await namesFor(pool, [row]));
    },

    /** Of an environment. @throws APPROVAL_NOT_FOUND for a cursor that is none; DATABASE_UNREACHABLE */
    async list(environment: string, { after, all, limit }: ListedApprovals): Promise<ApprovalPage> {
      // Which may have ended meanwhile, and is a place all the same.
      if (after !== null) await findRow(pool, after);
      const rows = await query<ApprovalRow>(
        pool,
        `${SELECT_APPROVALS} WHERE r.environment = $1 AND ($2 OR r.state IN ('pending', 'approved')) AND ($4::text IS NULL
           OR (r.created_at, r.approval_id) < (SELECT created_at, approval_id FROM approval_request WHERE approval_id = $4))
         ORDER BY r.created_at DESC, r.approval_id DESC LIMIT $3`,
        // One more tells whether there are more.
        [environment, all, limit + 1, after],
      );
      const shown = rows.slice(0, limit);
      const names = await namesFor(pool, shown);
      return {
        approvals: shown.map((row) => viewOf(row, names)),
        cursor: rows.length > limit ? (shown.at(-1)?.approval_id ?? null) : null,
      };
    },

    /** Of what a thing's approval of a kind is; null when none is open. */
    async openFor(environment: string, kind: string, resource: string): Promise<ApprovalView | null> {
      const [row] = await query<ApprovalRow>(
        pool,
        `${SELECT_APPROVALS} WHERE r.environment = $1 AND r.kind = $2 AND r.resource = $3 AND r.state IN ('pending', 'approved')`,
        [environment, kind, resource],
      );
      return row === undefined ? null : viewOf(row, await namesFor(pool, [row]));
    },

    /** Which are open about a model, or a version or an alias of it. */
    async openAbout(environment: string, model: string): Promise<string[]> {
      const rows = await query<{ approval_id: string }>(
        pool,
        `SELECT approval_id FROM approval_request
         WHERE environment = $1 AND starts_with(resource, $2) AND state IN ('pending', 'approved') ORDER BY approval_id`,
        [environment, `model/${model}/`],
      );
      return rows.map(({ approval_id }) => approval_id);
    },

    /** How many requests of a kind there were for a thing. */
    async countFor(environment: string, kind: string, resource: string): Promise<number> {
      const [row] = await query<{ count: string }>(
        pool,
        'SELECT count(*) FROM approval_request WHERE environment = $1 AND kind = $2 AND resource = $3',
        [environment, kind, resource],
      );
      return Number(row?.count ?? 0);
    },

    /** Whether an approval has this id, or had it where an imported registry comes from. */
    isTaken: async (approvalId: string): Promise<boolean> => (await query(pool, TAKEN, [approvalId])).length > 0,
  };
}

const TAKEN = `SELECT FROM approval_request WHERE approval_id = $1
  UNION ALL SELECT FROM used_approval WHERE approval_id = $1 UNION ALL SELECT FROM imported_approval WHERE approval_id = $1`;

async function findRow(pool: Pool, approvalId: string): Promise<ApprovalRow> {
  const [row] = await query<ApprovalRow>(pool, `${SELECT_APPROVALS} WHERE r.approval_id = $1`, [approvalId]);
  if (row === undefined) throw new MlopsError('APPROVAL_NOT_FOUND', { approvalId });
  return row;
}

async function namesFor(
  pool: Pool,
  rows: readonly ApprovalRow[],
  looker?: string,
): Promise<ReadonlyMap<string, string>> {
  const ids = rows.flatMap(({ decisions, excluded, requested_by }) => [
    requested_by,
    ...Object.keys(excluded),
    ...(decisions ?? []).flatMap(({ on_behalf_of, principal_id }) => [principal_id, on_behalf_of ?? principal_id]),
  ]);
  return await namesOf(pool, [...new Set([...ids, ...(looker === undefined ? [] : [looker])])]);
}
