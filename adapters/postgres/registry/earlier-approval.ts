import { boundContentOf, sameBound, type BoundContent } from '../../../domain/registry/bound-content.ts';
import { sha256Of } from '../../crypto/sha256.ts';
import type { UsedApproval } from './change-stage.ts';
import type { RegistryParts } from './parts.ts';
import { run, type Queries, type VersionRow } from './versions.ts';

/**
 * The approval under which a version was in production before, while what it was given for is the same: artifact, tests and rules. It
 * counts for every way back there. Null: it never was, or something has changed since; or all that is known of it is what an imported
 * file says, whose approvals nobody here has seen.
 */
export async function earlierApprovalOf(
  { environment, policy }: Pick<RegistryParts, 'environment' | 'policy'>,
  queries: Queries,
  row: VersionRow,
): Promise<UsedApproval | null> {
  const last = await lastApprovalOf(queries, environment, row);
  return last !== null && sameBound(last.bound, boundContentOf(row.content, policy, sha256Of)) ? last : null;
}

/** The same, whatever has changed since. */
export async function lastApprovalOf(
  queries: Queries,
  environment: string,
  row: VersionRow,
): Promise<UsedApproval | null> {
  const [last] = await run<{ approval_id: string | null; approvers: readonly string[]; bound: BoundContent | null }>(
    queries,
    `SELECT c.approval_id, c.approvers, c.bound FROM stage_change c JOIN ledger_event e ON e.sequence = c.ledger_sequence
     WHERE c.version_id = $1 AND c.environment = $2 AND c.to_stage = 'production' AND e.type <> 'model.imported'
     ORDER BY c.change_id DESC LIMIT 1`,
    [row.version_id, environment],
  );
  if (last === undefined || last.approval_id === null || last.bound === null) return null;
  return { approvalId: last.approval_id, approvers: last.approvers, bound: last.bound };
}
