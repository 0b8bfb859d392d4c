import { MlopsError } from '../../../domain/errors.ts';
import type { GrantedApprovals } from './parts.ts';

/** Stands where approvals are not there: nothing was ever approved. */
export const NO_APPROVALS: GrantedApprovals = {
  assertGranted: async (_, { approvalId, resource }) =>
    await Promise.reject(
      new MlopsError('APPROVAL_NOT_GRANTED', { approvalId, resource, problem: 'this program knows of no approvals' }),
    ),
};
