import type { DatabaseRole } from './database-grants.ts';

const [WORKER, API, CLI, AUDITOR] = ['mlops_worker', 'mlops_api', 'mlops_cli', 'mlops_auditor'] as const;
const ALL = [WORKER, API, CLI, AUDITOR] as const;

/**
 * Which role of the database may append which events, by patterns of LIKE: what no pattern of a role has, `ledger_append` refuses. So a process that
 * is used as a way into the database can tell untruths about its own work only: nobody but the worker says that people approved, or how a rollout went.
 */
export const EVENT_GRANTS = {
  '%-refused': ALL,
  'access.%': [WORKER],
  'approval.%': [WORKER],
  'approval.delegated': [CLI],
  'approval.delegation-revoked': [CLI],
  'approval.link-issued': [CLI],
  'approval.read': [API, CLI],
  'audit.%': ALL,
  'governance.%': [CLI],
  'governance.erased': [WORKER],
  'identity.%': [CLI],
  'identity.bootstrapped': [WORKER],
  'incident.%': [WORKER],
  'ledger.%': [WORKER],
  'model.%': [WORKER, API, CLI],
  'recorded.%': [WORKER, CLI],
  'rollout.%': [WORKER],
  'traffic.%': [WORKER],
  'webhook.%': [API],
  'webhook.delivery-failed': [WORKER],
} as const satisfies Record<string, readonly DatabaseRole[]>;

export type EventPattern = keyof typeof EVENT_GRANTS;
export const EVENT_PATTERNS = Object.keys(EVENT_GRANTS) as readonly EventPattern[];

/** Whether a role may append events of a type. */
export function mayAppend(role: DatabaseRole, type: string): boolean {
  return EVENT_PATTERNS.some((pattern) => isLike(type, pattern) && EVENT_GRANTS[pattern].some((one) => one === role));
}

/** One `%`, at the beginning or the end, or none. */
function isLike(type: string, pattern: EventPattern): boolean {
  if (pattern.startsWith('%')) return type.endsWith(pattern.slice(1));
  return pattern.endsWith('%') ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
}
