import type { PoolClient } from 'pg';
import { MlopsError } from '../../../domain/errors.ts';
import type { EventActor } from '../../../domain/governance/event-draft.ts';
import { draftOfIdentity } from '../../../domain/governance/identity-drafts.ts';
import { foldName } from '../../../domain/governance/person-name.ts';
import { roleForPeople } from '../../../domain/governance/permissions.ts';
import { isPrincipalId } from '../../../domain/governance/statement.ts';
import type { Role } from '../../../domain/governance/roles.ts';
import type { LedgerTransaction } from '../ledger/ledger.ts';
import { query } from '../query.ts';
import type { EvidenceParts } from '../rollout-store.ts';
import { assertAdminLeft } from './admin-left.ts';
import { findKey, insertKey, KEY_PROVIDER, revokeKeys, type KnownKey } from './keys.ts';

/** A new principal: the id is made by who creates it, so that its key file can be written before. */
export interface NewIdentity {
  readonly principal: string;
  readonly name: string;
  readonly kind: 'human' | 'service';
  readonly keyId: string;
  /** 32 bytes, base64 */
  readonly publicKey: string;
  readonly roles: readonly Role[];
}

const SETUP: EventActor = { id: 'system:setup', kind: 'system', authentication: 'process' };

type Parts = Pick<EvidenceParts, 'pool' | 'ledger'>;

const SOME_ADMIN = `SELECT FROM principal_role WHERE role = 'admin' LIMIT 1`;

/** Principals with their roles and keys. Who may call what is decided before (Authority). */
export function createIdentities(parts: Parts) {
  return { ...createAdmission(parts), ...createGrants(parts), ...createIdentityReader(parts) };
}

/** What there is to know of principals. */
export function createIdentityReader({ pool }: Pick<Parts, 'pool'>) {
  return {
    /** Whether there ever was an admin. */
    hadAdmin: async (): Promise<boolean> => (await query(pool, SOME_ADMIN)).length > 0,

    /** The principal behind a name or an id. @throws IDENTITY_UNKNOWN */
    async principalOf(name: string): Promise<string> {
      const client = await pool.connect();
      try {
        return await idOf(client, name);
      } finally {
        client.release();
      }
    },

    /** Who a principal is, with the roles that it holds; null when there is none, or it was erased. */
    async describe(principal: string) {
      const [row] = await query<{ name: string; kind: string; roles: string[] }>(
        pool,
        `SELECT name, kind, ARRAY (SELECT role FROM principal_role r WHERE r.principal_id = p.principal_id AND r.revoked_at IS NULL) AS roles
         FROM principal p WHERE principal_id = $1 AND name IS NOT NULL`,
        [principal],
      );
      return row ?? null;
    },

    /** A key, in force or not; null when nobody ever had it. */
    key: async (keyId: string): Promise<KnownKey | null> => await findKey(pool, keyId),

    /** Everybody who could act, by name. */
    async list() {
      return (await query<ListedRow>(pool, LIST)).map((row) => ({
        principal: row.principal_id,
        name: row.name,
        kind: row.kind,
        authentication: row.provider,
        roles: row.roles,
        keys: row.keys,
        createdAt: row.created_at.toISOString(),
      }));
    },
  };
}

/** The name of somebody with a key that people take for this one; null for none. */
async function nameThere(client: PoolClient, name: string): Promise<string | null> {
  const { rows } = await client.query<{ name: string }>(
    'SELECT name FROM principal WHERE provider = $1 AND name IS NOT NULL',
    [KEY_PROVIDER],
  );
  return rows.find((row) => foldName(row.name) === foldName(name))?.name ?? null;
}

/** How principals come in, and come by their keys. */
function createAdmission({ ledger }: Parts) {
  return {
    /** @throws IDENTITY_EXISTS */
    async create(made: NewIdentity, actor: EventActor, reason: string): Promise<void> {
      await ledger.transact(async (transaction) => {
        const there = await nameThere(transaction.client, made.name);
        if (there !== null) throw new MlopsError('IDENTITY_EXISTS', { name: there });
        await insertIdentity(transaction, made);
        const facts = { kind: made.kind, key: made.keyId, roles: made.roles };
        transaction.append(draftOfIdentity('created', { id: made.principal, facts, reason }, actor));
      });
    },

    /** The first admin of an installation, when there never was one. Returns false when there was. */
    async bootstrap(made: NewIdentity): Promise<boolean> {
      return await ledger.transact(async (transaction) => {
        const there = await transaction.client.query(SOME_ADMIN);
        if (there.rowCount !== 0) return false;
        await insertIdentity(transaction, made);
        const facts = { kind: made.kind, key: made.keyId, roles: made.roles };
        transaction.append(draftOfIdentity('bootstrapped', { id: made.principal, facts }, SETUP));
        return true;
      });
    },

    /** Puts a new key in the place of all earlier ones of a principal. Returns those. @throws IDENTITY_UNKNOWN, IDENTITY_UNSIGNED */
    async rotate(
      order: { readonly name: string; readonly reason: string },
      key: { readonly keyId: string; readonly publicKey: string },
      actor: EventActor,
    ): Promise<readonly string[]> {
      return await ledger.transact(async ({ append, client, next }) => {
        const id = await idOf(client, order.name);
        await assertSigns(client, id, order.name);
        const revoked = await revokeKeys(client, id, next);
        await insertKey(client, id, key, next);
        const facts = { key: key.keyId, revoked };
        append(draftOfIdentity('key-replaced', { id, facts, reason: order.reason }, actor));
        return revoked;
      });
    },
  };
}

/** What principals are given and what is taken from them. */
function createGrants({ ledger }: Parts) {
  return {
    /** Returns the roles that were not held before. @throws IDENTITY_UNKNOWN, ROLE_FOR_PEOPLE */
    async grant(name: string, roles: readonly Role[], reason: string, actor: EventActor): Promise<readonly string[]> {
      return await ledger.transact(async ({ append, client, next }) => {
        const id = await idOf(client, name);
        await assertForKind(client, { id, name, roles });
        const granted = await insertRoles(client, id, roles, next);
        if (granted.length > 0) append(draftOfIdentity('granted', { id, facts: { roles: granted }, reason }, actor));
        return granted;
      });
    },

    /** @throws IDENTITY_UNKNOWN, ROLE_NOT_GRANTED, LAST_ADMIN */
    async revokeRole(name: string, role: Role, reason: string, actor: EventActor): Promise<void> {
      await ledger.transact(async ({ append, client, next }) => {
        const id = await idOf(client, name);
        const { rowCount } = await client.query(
          `UPDATE principal_role SET revoked_at = now(), ledger_sequence = $3
           WHERE principal_id = $1 AND role = $2 AND revoked_at IS NULL`,
          [id, role, next],
        );
        if (rowCount !== 1) throw new MlopsError('ROLE_NOT_GRANTED', { name, role });
        await assertAdminLeft(client, name);
        append(draftOfIdentity('revoked', { id, facts: { roles: [role] }, reason }, actor));
      });
    },

    /** Takes every role and key of somebody away. Returns what was. @throws IDENTITY_UNKNOWN, LAST_ADMIN */
    async revokeAll(name: string, reason: string, actor: EventActor): Promise<{ roles: string[]; keys: string[] }> {
      return await ledger.transact(async ({ append, client, next }) => {
        const id = await idOf(client, name);
        const roles = await client.query<{ role: string }>(
          `UPDATE principal_role SET revoked_at = now(), ledger_sequence = $2
           WHERE principal_id = $1 AND revoked_at IS NULL RETURNING role`,
          [id, next],
        );
        const keys = await revokeKeys(client, id, next);
        await assertAdminLeft(client, name);
        const facts = { roles: roles.rows.map(({ role }) => role), keys };
        if (facts.roles.length + keys.length > 0) append(draftOfIdentity('revoked', { id, facts, reason }, actor));
        return facts;
      });
    },
  };
}

interface ListedRow {
  readonly principal_id: string;
  readonly name: string | null;
  readonly kind: 'human' | 'service';
  readonly provider: string;
  readonly roles: string[];
  readonly keys: string[];
  readonly created_at: Date;
}

const LIST = `
  SELECT p.principal_id, p.name, p.kind, p.provider, p.created_at,
    ARRAY (SELECT role FROM principal_role r WHERE r.principal_id = p.principal_id AND r.revoked_at IS NULL ORDER BY role) AS roles,
    ARRAY (SELECT key_id FROM principal_key k WHERE k.principal_id = p.principal_id AND k.revoked_at IS NULL ORDER BY created_at) AS keys
  FROM principal p WHERE p.kind IN ('human', 'service') ORDER BY p.name NULLS LAST, p.principal_id`;

async function insertIdentity({ client, next }: LedgerTransaction, made: NewIdentity): Promise<void> {
  await client.query(
    'INSERT INTO principal (principal_id, kind, provider, name, ledger_sequence) VALUES ($1, $2, $3, $4, $5)',
    [made.principal, made.kind, KEY_PROVIDER, made.name, next],
  );
  await insertKey(client, made.principal, made, next);
  await insertRoles(client, made.principal, made.roles, next);
}

/** A key is for who was made known with one: whom the operating system names was granted nothing. @throws IDENTITY_UNSIGNED */
async function assertSigns(client: PoolClient, id: string, name: string): Promise<void> {
  const { rows } = await client.query<{ provider: string }>('SELECT provider FROM principal WHERE principal_id = $1', [
    id,
  ]);
  const provider = rows[0]?.provider ?? 'nothing';
  if (provider !== KEY_PROVIDER) throw new MlopsError('IDENTITY_UNSIGNED', { name, provider });
}

/** @throws ROLE_FOR_PEOPLE */
async function assertForKind(
  client: PoolClient,
  { id, name, roles }: { readonly id: string; readonly name: string; readonly roles: readonly Role[] },
): Promise<void> {
  const { rows } = await client.query<{ kind: string }>('SELECT kind FROM principal WHERE principal_id = $1', [id]);
  const role = roleForPeople(rows[0]?.kind ?? '', roles);
  if (role !== null) throw new MlopsError('ROLE_FOR_PEOPLE', { name, role });
}

/** Returns the roles that were not held before. */
async function insertRoles(
  client: PoolClient,
  principal: string,
  roles: readonly Role[],
  sequence: number,
): Promise<string[]> {
  const { rows } = await client.query<{ role: string }>(
    `INSERT INTO principal_role (principal_id, role, ledger_sequence) SELECT $1, role, $3 FROM unnest($2::text[]) AS t(role)
     ON CONFLICT (principal_id, role) WHERE revoked_at IS NULL DO NOTHING RETURNING role`,
    [principal, roles, sequence],
  );
  return rows.map(({ role }) => role);
}

/** The name is that of one with a key before that of a user of the operating system. */
async function idOf(client: PoolClient, asked: string): Promise<string> {
  const { rows } = await client.query<{ principal_id: string }>(
    `SELECT principal_id FROM principal WHERE ${isPrincipalId(asked) ? 'principal_id' : 'name'} = $1
     ORDER BY provider = '${KEY_PROVIDER}' DESC LIMIT 1`,
    [asked],
  );
  const [row] = rows;
  if (row === undefined) throw new MlopsError('IDENTITY_UNKNOWN', { name: asked });
  return row.principal_id;
}
