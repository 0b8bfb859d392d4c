/** Roles of the database, one for each kind of process. They cannot log in: logins are members of one. */
export const DATABASE_ROLES = {
  mlops_worker: 'the worker: carries out rollouts, approvals and erasures, signs the log, watches access',
  mlops_api: 'the API: the registry in the MLflow protocol, and looking at approvals',
  mlops_cli: 'commands of people: the registry, identities, custody, links and delegations',
  mlops_auditor: 'commands of who reads and exports evidence, and nothing else',
} as const;

export type DatabaseRole = keyof typeof DATABASE_ROLES;
export const DATABASE_ROLE_NAMES = Object.keys(DATABASE_ROLES) as readonly DatabaseRole[];

/** What can be done with a table. TRUNCATE, REFERENCES and TRIGGER are granted to nobody. */
export const TABLE_VERBS = ['select', 'insert', 'update', 'delete'] as const;
export type TableVerb = (typeof TABLE_VERBS)[number];

/** Verbs of worker, API, commands and auditor, in this order: r reads, i inserts, u updates, d deletes, - nothing. */
type Cells = readonly [worker: string, api: string, cli: string, auditor: string];

/** The log is written by `ledger_append`, which checks what it is given; nobody writes its tables. */
const LOG: Cells = ['r', 'r', 'r', 'r'];
/** Commands change nothing of a rollout but the words that an erasure takes away. */
const ROLLOUT: Cells = ['riu', 'r', 'ru', 'r'];
const REGISTRY: Cells = ['riu', 'riu', 'riu', 'r'];

/**
 * Who may do what with each table: what is not here is granted to nobody. docs/reference/database-roles.md is generated from it, and a
 * test connects as each role and tries each cell.
 */
export const TABLE_GRANTS = {
  access_alarm_mark: ['ri', '-', 'ri', 'r'],
  access_finding: ['riu', '-', 'r', 'r'],
  access_history: ['riud', '-', 'rd', '-'],
  access_watch: ['riu', '-', 'r', 'r'],
  approval_decision: ['ri', 'r', 'r', 'r'],
  approval_delegation: ['r', 'r', 'riu', 'r'],
  approval_link: ['ru', 'r', 'ri', '-'],
  approval_request: ['riu', 'ru', 'ru', 'r'],
  database_grants: ['r', 'r', 'r', 'r'],
  emergency_rollback: ROLLOUT,
  erased_while_running: ['rid', '-', 'i', '-'],
  event_grant: LOG,
  incident: ROLLOUT,
  ledger_checkpoint: ['ri', 'r', 'ri', 'ri'],
  ledger_event: LOG,
  ledger_head: ['ri', 'r', 'r', 'r'],
  ledger_key: ['riu', 'ri', 'riu', 'ri'],
  ledger_node: LOG,
  ledger_payload: ['r', '-', 'r', 'r'],
  ledger_word: LOG,
  legal_hold: ['r', '-', 'riu', 'r'],
  model: REGISTRY,
  model_alias: REGISTRY,
  model_dependency: ['r', 'riu', 'riu', 'r'],
  model_version: REGISTRY,
  principal: ['riu', 'ri', 'riu', 'ri'],
  principal_key: ['riu', 'r', 'riu', 'r'],
  principal_role: ['riu', 'r', 'riu', 'r'],
  proven_version: ['riu', 'r', 'r', 'r'],
  registry_source: ['-', '-', 'riu', 'r'],
  rollout: ROLLOUT,
  rollout_event: ROLLOUT,
  rollout_tick: ['riu', 'r', 'r', 'r'],
  schema_migration: ['r', 'r', 'r', 'r'],
  stage_change: ['ri', 'ri', 'ri', 'r'],
  traffic_write: ROLLOUT,
  used_approval: ['ri', 'ri', 'ri', 'r'],
  used_statement: ['riud', 'riud', 'riud', 'riud'],
  version_endpoint: REGISTRY,
  version_stage: REGISTRY,
  webhook: ['r', 'riu', 'ru', '-'],
  webhook_cursor: ['riu', '-', '-', '-'],
  webhook_progress: ['riu', '-', '-', '-'],
  webhook_subscription: ['r', 'ri', '-', 'r'],
} as const satisfies Record<string, Cells>;

export type GovernedTable = keyof typeof TABLE_GRANTS;
export const GOVERNED_TABLES = Object.keys(TABLE_GRANTS) as readonly GovernedTable[];

/** Where only some columns may be updated, by whomever. */
const UPDATED_COLUMNS: Readonly<Partial<Record<GovernedTable, readonly string[]>>> = {
  access_finding: ['told_at'],
  approval_delegation: ['revoked_at', 'ledger_sequence'],
  approval_link: ['used_at', 'ledger_sequence'],
  emergency_rollback: ['entry', 'ledger_sequence'],
  incident: ['summary', 'evidence', 'ledger_sequence'],
  ledger_key: ['wrapping_key', 'wrapped', 'destroyed_at', 'ledger_sequence'],
  legal_hold: ['released_at', 'ledger_sequence'],
  principal: ['name', 'ledger_sequence'],
  principal_key: ['revoked_at', 'ledger_sequence'],
  principal_role: ['revoked_at', 'ledger_sequence'],
  rollout_event: ['actor', 'details', 'ledger_sequence'],
  rollout_tick: ['state', 'snapshot'],
  used_statement: ['occasion'],
};

/** Where commands may update less than others: words that are erased, secrets that are wrapped anew. */
const UPDATED_BY_COMMANDS: Readonly<Partial<Record<GovernedTable, readonly string[]>>> = {
  rollout: ['started_by', 'detail', 'ledger_sequence'],
  traffic_write: ['actor', 'reason', 'observed', 'ledger_sequence'],
  webhook: ['secret_key', 'secret'],
};

/** The columns that a role may update; null for all. */
export function updatedColumns(role: DatabaseRole, table: GovernedTable): readonly string[] | null {
  return UPDATED_COLUMNS[table] ?? (role === 'mlops_cli' ? UPDATED_BY_COMMANDS[table] : undefined) ?? null;
}

/** Functions that run with the rights of the owner, for every role. */
export const GRANTED_FUNCTIONS = ['ledger_lock()', 'ledger_append(json)'] as const;

/** Sequences that an import of a registry sets, by table and column. */
export const SET_SEQUENCES = [
  ['model', 'model_id'],
  ['model_version', 'version_id'],
  ['stage_change', 'change_id'],
] as const;

/** Whether a role may do that with a table. */
export function isGranted(role: DatabaseRole, table: GovernedTable, verb: TableVerb): boolean {
  const cell = TABLE_GRANTS[table][DATABASE_ROLE_NAMES.indexOf(role)] ?? '-';
  return cell.includes({ select: 'r', insert: 'i', update: 'u', delete: 'd' }[verb]);
}
