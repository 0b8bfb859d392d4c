import { ROLE_NAMES, type Role } from './roles.ts';

const EVERYBODY = ROLE_NAMES;

/**
 * Who may do what: every action with the roles that allow it. What is not here is allowed to nobody. docs/reference/roles.md is
 * generated from it, and a test has a case for each cell.
 */
export const PERMISSIONS = {
  'approval.decide': ['reviewer', 'approver'],
  'approval.delegate': ['reviewer', 'approver'],
  'approval.read': EVERYBODY,
  'audit.export': ['auditor'],
  'audit.payload-read': ['auditor'],
  'audit.query': ['auditor', 'admin'],
  'governance.acknowledge': ['auditor', 'admin'],
  'governance.erase': ['admin'],
  'governance.hold': ['auditor'],
  'governance.read': ['auditor', 'admin'],
  'governance.record': ['engineer', 'operator', 'auditor', 'admin'],
  'governance.release-hold': ['auditor'],
  'governance.rotate': ['admin'],
  'identity.create': ['admin'],
  'identity.grant': ['admin'],
  'identity.list': ['auditor', 'admin'],
  'identity.revoke': ['admin'],
  'identity.rotate': ['admin'],
  'identity.rotate-own': EVERYBODY,
  'model.alias': ['engineer', 'operator'],
  'model.demote': ['engineer', 'operator'],
  'model.endpoint': ['engineer', 'operator'],
  'model.export': ['engineer', 'auditor', 'admin'],
  'model.import': ['admin'],
  'model.promote': ['engineer', 'operator'],
  'model.read': EVERYBODY,
  'model.register': ['engineer'],
  'model.retire': ['engineer', 'operator'],
  'model.tag': ['engineer', 'operator'],
  'rollout.abort': ['engineer', 'approver', 'operator'],
  'rollout.approve': ['approver'],
  'rollout.deny': ['approver'],
  'rollout.pause': ['engineer', 'approver', 'operator'],
  'rollout.promote': ['operator'],
  'rollout.read': EVERYBODY,
  'rollout.resume': ['engineer', 'operator'],
  'rollout.rollback': ['operator'],
  'rollout.start': ['engineer', 'operator'],
  'webhook.manage': ['admin'],
  'webhook.read': ['auditor', 'admin'],
} as const satisfies Record<string, readonly Role[]>;

export type Action = keyof typeof PERMISSIONS;

export const ACTIONS = Object.keys(PERMISSIONS) as readonly Action[];

/** What may be refused: actions, and what is allowed by the name of another: either way of deciding, and an edge between versions. */
export const REFUSED_ACTIONS: readonly string[] = [...ACTIONS, 'approval.approve', 'approval.deny', 'model.depend'];

/** Whether one of these roles allows the action. An action that is not in the table is allowed to nobody. */
export function isAllowed(action: string, roles: readonly string[]): boolean {
  const allowed: readonly string[] = Object.hasOwn(PERMISSIONS, action) ? PERMISSIONS[action as Action] : [];
  return roles.some((role) => allowed.includes(role));
}

/** The first of these roles that a program may not have: programs decide nothing. Null when there is none. */
export function roleForPeople(kind: string, roles: readonly string[]): string | null {
  if (kind !== 'service') return null;
  return roles.find((role) => isAllowed('approval.decide', [role])) ?? null;
}
