import { REGISTRY_ACTS } from '../registry/registry-drafts.ts';
import { DATABASE_ROLE_NAMES, type DatabaseRole } from './database-grants.ts';

const [WORKER, API, CLI, ADMIN] = ['mlops_worker', 'mlops_api', 'mlops_cli', 'mlops_admin'] as const;
const ALL = DATABASE_ROLE_NAMES;

/** By name: an import writes any history there is, so it is nobody's but an admin's. */
const REGISTRY_GRANTS: Readonly<Record<string, readonly DatabaseRole[]>> = Object.fromEntries(
  REGISTRY_ACTS.map((act) => [`model.${act}`, act === 'imported' ? [ADMIN] : [WORKER, API, CLI]]),
);

/**
 * Which role of the database may append which events, by patterns of LIKE: what no pattern of a role has, `ledger_append` refuses. So a process that
 * is used as a way into the database can tell untruths about its own work only: nobody but the worker says that people approved or let
 * others decide, or how a rollout went.
 */
export const EVENT_GRANTS: Readonly<Record<string, readonly DatabaseRole[]>> = {
  '%-refused': ALL,
  // Who looked at what.
  '%.read': ALL,
  'access.%': [WORKER],
  'access.alarm-acknowledged': [CLI, ADMIN],
  'approval.%': [WORKER],
  'approval.read': ALL,
  'audit.%': ALL,
  'governance.%': [ADMIN],
  'governance.erased': [WORKER],
  'governance.read': ALL,
  'identity.%': [ADMIN],
  'identity.bootstrapped': [WORKER],
  'identity.own-key-replaced': [WORKER],
  'identity.read': ALL,
  'incident.%': [WORKER],
  'ledger.%': [WORKER],
  ...REGISTRY_GRANTS,
  'recorded.%': [WORKER, CLI],
  'rollout.%': [WORKER],
  'traffic.%': [WORKER],
  'traffic.emergency-%': [ADMIN],
  'webhook.%': [API],
  'webhook.delivery-failed': [WORKER],
};

export const EVENT_PATTERNS = Object.keys(EVENT_GRANTS);

/** Whether a role may append events of a type. */
export function mayAppend(role: DatabaseRole, type: string): boolean {
  return EVENT_PATTERNS.some((pattern) => isLike(type, pattern) && EVENT_GRANTS[pattern]?.includes(role) === true);
}

/** One `%`, at the beginning or the end, or none. */
function isLike(type: string, pattern: string): boolean {
  if (pattern.startsWith('%')) return type.endsWith(pattern.slice(1));
  return pattern.endsWith('%') ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
}
