/** What somebody may be, and what that is for. Nobody has a role that was not granted. */
export const ROLES = {
  viewer: 'sees models, rollouts and approvals',
  engineer: 'registers models, asks for promotions, starts rollouts',
  reviewer: 'decides on what is of low and medium risk',
  approver: 'decides on what is of any risk, and lets a waiting rollout go on',
  operator: 'steers rollouts: pause, resume, promote, abort, emergency rollback',
  auditor: 'reads, exports and verifies the evidence; places and ends legal holds',
  admin: 'grants roles, erases subjects, rotates keys; may not approve by that alone',
} as const;

export type Role = keyof typeof ROLES;

export const ROLE_NAMES = Object.keys(ROLES) as readonly Role[];

/** Whether a text names a role. */
export function isRole(text: string): text is Role {
  return Object.hasOwn(ROLES, text);
}
