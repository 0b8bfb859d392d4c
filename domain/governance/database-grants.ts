/** Roles of the database, one for each kind of process. They cannot log in: logins are members of one. */
export const DATABASE_ROLES = {
  mlops_worker: 'the worker: carries out rollouts, approvals and erasures, signs the log, watches access',
  mlops_api: 'the API: the registry in the MLflow protocol, and looking at approvals',
  mlops_cli: 'commands of people: the registry',
  mlops_auditor: 'commands of who reads and exports evidence, and nothing else',
  mlops_admin: 'commands of admins: identities, legal holds, keys, and the import of a registry',
} as const;

export type DatabaseRole = keyof typeof DATABASE_ROLES;
export const DATABASE_ROLE_NAMES = Object.keys(DATABASE_ROLES) as readonly DatabaseRole[];

/** What can be done with a table. TRUNCATE, REFERENCES and TRIGGER are granted to nobody. */
export const TABLE_VERBS = ['select', 'insert', 'update', 'delete'] as const;
export type TableVerb = (typeof TABLE_VERBS)[number];

/** Verbs of worker, API, commands, auditor and admins, in this order: r reads, i inserts, u updates, d deletes, - nothing. */
type Cells = readonly [worker: string, api: string, cli: string, auditor: string, admin: string];

/** The log is written by `ledger_append` and `ledger_keep_checkpoint`, which check what they are given; nobody writes its tables. */
const LOG: Cells = ['r', 'r', 'r', 'r', 'r'];
/** Admins change nothing of a rollout but the words that an erasure takes away. */
const ROLLOUT: Cells = ['riu', 'r', 'r', 'r', 'ru'];
/** An import writes what is not there yet, and changes nothing that is. */
const REGISTRY: Cells = ['riu', 'riu', 'riu', 'r', 'ri'];

/**
 * Who may do what with each table: what is not here is granted to nobody. docs/reference/database-roles.md is generated from it, and a
 * test connects as each role and tries each cell.
 */
export const TABLE_GRANTS = {
  access_alarm_mark: ['riu', '-', 'ri', 'r', 'ri'],
  access_finding: ['riu', '-', 'r', 'r', 'r'],
  access_history: ['riud', '-', 'r', '-', 'rd'],
  access_watch: ['riu', '-', 'r', 'r', 'r'],
  approval_decision: ['ri', 'r', 'r', 'r', 'r'],
  // Whoever could write these would decide in anybody's name.
  approval_delegation: ['riu', 'r', 'r', 'r', 'r'],
  approval_link: ['riu', 'r', '-', '-', '-'],
  approval_request: ['riu', 'ru', 'ru', 'r', 'r'],
  database_grants: LOG,
  // Before an erasure masks the journal, what is in it comes into the log.
  emergency_rollback: ['riu', 'r', 'r', 'r', 'riu'],
  erased_while_running: ['rid', '-', '-', '-', 'i'],
  event_grant: LOG,
  // What a file said of others: to be shown, and to be erased.
  imported_approval: ['r', 'r', 'r', 'r', 'ri'],
  imported_decision: ['r', 'r', 'r', 'r', 'ri'],
  imported_principal: ['ru', 'r', 'r', 'r', 'riu'],
  incident: ROLLOUT,
  ledger_checkpoint: LOG,
  ledger_event: LOG,
  ledger_head: ['ri', 'r', 'r', 'r', 'r'],
  ledger_key: ['riu', 'ri', 'ri', 'ri', 'riu'],
  ledger_node: LOG,
  ledger_payload: ['r', '-', 'r', 'r', 'r'],
  ledger_word: LOG,
  legal_hold: ['r', '-', 'r', 'r', 'riu'],
  model: REGISTRY,
  model_alias: REGISTRY,
  model_dependency: ['riu', 'riu', 'riu', 'r', 'ri'],
  model_version: REGISTRY,
  principal: ['riu', 'ri', 'ri', 'ri', 'riu'],
  principal_key: ['riu', 'r', 'r', 'r', 'riu'],
  principal_role: ['ri', 'r', 'r', 'r', 'riu'],
  proven_version: ['riu', 'r', 'r', 'r', 'r'],
  registry_conflict: ['riu', '-', 'riu', 'r', 'r'],
  registry_source: ['riu', '-', 'riu', 'r', 'r'],
  rollout: ROLLOUT,
  rollout_event: ROLLOUT,
  rollout_tick: ['riu', 'r', 'r', 'r', 'r'],
  schema_migration: LOG,
  stage_change: ['ri', 'ri', 'ri', 'r', 'ri'],
  traffic_write: ROLLOUT,
  used_approval: ['ri', 'ri', 'ri', 'r', 'ri'],
  used_statement: ['riud', 'riud', 'riud', 'riud', 'riud'],
  version_endpoint: REGISTRY,
  version_stage: REGISTRY,
  webhook: ['r', 'riu', '-', '-', 'ru'],
  webhook_cursor: ['riu', '-', '-', '-', '-'],
  webhook_progress: ['riu', '-', '-', '-', '-'],
  webhook_subscription: ['r', 'ri', '-', 'r', 'r'],
} as const satisfies Record<string, Cells>;

export type GovernedTable = keyof typeof TABLE_GRANTS;
export const GOVERNED_TABLES = Object.keys(TABLE_GRANTS) as readonly GovernedTable[];

/** Where only some columns may be updated, by whomever. */
const UPDATED_COLUMNS: Readonly<Partial<Record<GovernedTable, readonly string[]>>> = {
  access_alarm_mark: ['told_at'],
  access_finding: ['told_at'],
  approval_delegation: ['revoked_at', 'revoking_order', 'ledger_sequence'],
  approval_link: ['used_at', 'ledger_sequence'],
  emergency_rollback: ['entry', 'ledger_sequence'],
  imported_principal: ['name', 'ledger_sequence'],
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

/** An approval is used up by who does what was approved. */
const USED_UP = { approval_request: ['state', 'carried_out_at', 'ledger_sequence'] } as const;

/** Where a role may update less than others. */
const UPDATED_BY: Readonly<Partial<Record<DatabaseRole, Readonly<Partial<Record<GovernedTable, readonly string[]>>>>>> =
  {
    mlops_api: USED_UP,
    mlops_cli: USED_UP,
    // It destroys keys, and wraps none anew.
    mlops_worker: { ledger_key: ['wrapped', 'destroyed_at', 'ledger_sequence'] },
    // Words that are erased, secrets that are wrapped anew.
    mlops_admin: {
      rollout: ['started_by', 'detail', 'ledger_sequence'],
      traffic_write: ['actor', 'reason', 'observed', 'ledger_sequence'],
      webhook: ['secret_key', 'secret'],
    },
  };

/** The columns that a role may update; null for all. */
export function updatedColumns(role: DatabaseRole, table: GovernedTable): readonly string[] | null {
  return UPDATED_BY[role]?.[table] ?? UPDATED_COLUMNS[table] ?? null;
}

/** Functions that run with the rights of the owner, and for whom. */
export const GRANTED_FUNCTIONS = {
  'ledger_lock()': DATABASE_ROLE_NAMES,
  'ledger_append(json)': DATABASE_ROLE_NAMES,
  'ledger_keep_checkpoint(bigint, text, text[])': ['mlops_worker'],
} as const satisfies Record<string, readonly DatabaseRole[]>;

/** Sequences that an import of a registry sets, by table and column: for admins. */
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
