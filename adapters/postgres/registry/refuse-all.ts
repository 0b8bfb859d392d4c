import { MlopsError } from '../../../domain/errors.ts';
import type { ArtifactStore } from '../../../domain/registry/artifact.ts';
import type { GrantedApprovals } from './parts.ts';

/** Stands where approvals are not there: nothing was ever approved. */
export const NO_APPROVALS: GrantedApprovals = {
  assertGranted: async (_, { approvalId, resource }) =>
    await Promise.reject(
      new MlopsError('APPROVAL_NOT_GRANTED', { approvalId, resource, problem: 'this program knows of no approvals' }),
    ),
};

const missing = async (): Promise<never> => await Promise.reject(new MlopsError('ARTIFACT_STORE_MISSING'));

/** Stands where no artifact store is: what has an artifact can be neither registered nor promoted. */
export const NO_ARTIFACTS: ArtifactStore = { put: missing, verify: missing, fetch: missing };
