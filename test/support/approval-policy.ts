import { DEFAULTS } from '../../config/defaults.ts';
import { GOVERNANCE_FILE } from '../../config/file-schema.ts';
import { resolveGovernance } from '../../config/resolve.ts';

/** What approvals need when nobody has set anything. */
export const APPROVAL_POLICY = resolveGovernance(
  GOVERNANCE_FILE.parse(DEFAULTS.governance),
  'production',
).approvalPolicy;
