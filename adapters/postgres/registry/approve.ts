import { MlopsError } from '../../../domain/errors.ts';
import { boundContentOf } from '../../../domain/registry/bound-content.ts';
import type { AwaitedApproval } from '../../../domain/registry/records.ts';
import type { Registration } from '../../../domain/registry/registration.ts';
import { sha256Of } from '../../crypto/sha256.ts';
import type { LedgerTransaction } from '../ledger/ledger.ts';
import type { UsedApproval } from './change-stage.ts';
import type { RegistryParts } from './parts.ts';

/** What must be approved for a change of a version. */
export function approvalFor(
  { policy }: Pick<RegistryParts, 'policy'>,
  registration: Registration,
  { kind, resource }: Pick<AwaitedApproval, 'kind' | 'resource'>,
): AwaitedApproval {
  return { kind, resource, bound: boundContentOf(registration, policy, sha256Of) };
}

/**
 * Uses an approval for exactly this change, once.
 *
 * @throws APPROVAL_NOT_GRANTED, and what the approvals throw
 */
export async function consumeApproval(
  { approvals }: Pick<RegistryParts, 'approvals'>,
  { client, next }: LedgerTransaction,
  awaited: AwaitedApproval,
  approvalId: string,
): Promise<UsedApproval> {
  const { rowCount } = await client.query(
    'INSERT INTO used_approval (approval_id, resource, ledger_sequence) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
    [approvalId, awaited.resource, next],
  );
  if (rowCount !== 1)
    throw new MlopsError('APPROVAL_NOT_GRANTED', {
      approvalId,
      kind: awaited.kind,
      resource: awaited.resource,
      problem: 'it was used already',
    });
  const { approvers } = await approvals.assertGranted(client, { ...awaited, approvalId, sequence: next });
  return { approvalId, approvers, bound: awaited.bound };
}
