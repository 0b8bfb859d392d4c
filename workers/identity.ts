import { existsSync } from 'node:fs';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Pool } from 'pg';
import { writeDurably } from '../adapters/files/durable-file.ts';
import {
  identityFileOf,
  makeIdentityFolder,
  newPrincipalId,
  readIdentity,
  writeIdentity,
} from '../adapters/identity/identity-file.ts';
import { currentUser } from '../adapters/identity/own-identity.ts';
import { createIdentities, createIdentityReader, type NewIdentity } from '../adapters/postgres/identity/identities.ts';
import { sampleRead } from '../adapters/postgres/ledger/sample-read.ts';
import type { EvidenceParts } from '../adapters/postgres/rollout-store.ts';
import { createPool } from '../adapters/postgres/pool.ts';
import { requireAdminRole } from '../adapters/postgres/roles/require-admin-role.ts';
import type { MlopsConfig } from '../config/schema.ts';
import { isMlopsError, MlopsError } from '../domain/errors.ts';
import { draftOfSampledRead } from '../domain/governance/access-drafts.ts';
import { OWN_KEY_RESOURCE as IDENTITY } from '../domain/governance/own-key.ts';
import { roleForPeople } from '../domain/governance/permissions.ts';
import { ROLE_NAMES, type Role } from '../domain/governance/roles.ts';
import type { Claim } from '../domain/governance/statement.ts';
import { composeAuthority, type AuthorityRules } from './authority.ts';
import { createIdentity } from './create-identity.ts';
import { composeEvidence } from './ledger.ts';
import type { SendOwnKey } from './own-key.ts';
import { createKeyRotation } from './rotate-key.ts';

/** What the keeping of identities goes by. */
type IdentityRules = AuthorityRules &
  Pick<MlopsConfig, 'stateDirectory'> & { readonly governance: Pick<MlopsConfig['governance'], 'readSample'> };

/** Principals with their roles and keys, each call authorised; the shape is client/identity-port.ts. */
export async function composeIdentities(config: IdentityRules, pool: Pool, sendOwnKey: SendOwnKey | null = null) {
  const parts = await composeEvidence(config, pool);
  const identities = createIdentities(parts);
  const { authorise, authoriseWrite } = createPermission(config, parts);
  return {
    async create(
      order: { name: string; reason: string; kind: 'human' | 'service'; roles: readonly Role[] },
      file: string | null,
      claim: Claim,
    ) {
      const actor = await authoriseWrite('identity.create', order, claim);
      const role = roleForPeople(order.kind, order.roles);
      if (role !== null) throw new MlopsError('ROLE_FOR_PEOPLE', { name: order.name, role });
      const path = await keyFileOf(config, order.name, file);
      return await createIdentity(identities, order, { actor, path });
    },

    async grant(order: { name: string; reason: string; roles: readonly Role[] }, claim: Claim) {
      const actor = await authoriseWrite('identity.grant', order, claim);
      return await identities.grant(order.name, order.roles, order.reason, actor);
    },

    async revoke(order: { name: string; reason: string; role: Role | null }, claim: Claim) {
      const actor = await authoriseWrite('identity.revoke', order, claim);
      const { name, reason, role } = order;
      if (role === null) return await identities.revokeAll(name, reason, actor);
      await identities.revokeRole(name, role, reason, actor);
      return { roles: [role], keys: [] };
    },

    rotate: createKeyRotation({
      pool,
      identities,
      authoriseWrite,
      sendOwnKey,
      fileFor: async (name, file) => await keyFileOf(config, name, file),
    }),

    async list(claim: Claim) {
      const actor = await authorise('identity.list', null, claim);
      const read = { type: 'identity.read', resource: IDENTITY, verb: 'list' } as const;
      await sampleRead(parts, config.governance.readSample, () => draftOfSampledRead(read, actor));
      return await identities.list();
    },
  };
}

/** Where a key is written: in the file that is named, or else in the folder of this project, which is made. */
async function keyFileOf(
  { stateDirectory }: Pick<IdentityRules, 'stateDirectory'>,
  name: string,
  file: string | null,
): Promise<string> {
  if (file !== null) return file;
  await makeIdentityFolder(stateDirectory);
  return identityFileOf(stateDirectory, name);
}

/** Who may not is told that first: it is an event. Then whether this login may write it. */
function createPermission(config: AuthorityRules, parts: EvidenceParts) {
  const authority = composeAuthority(config, parts);
  const authorise = async (action: string, content: unknown, claim: Claim) =>
    await authority.authorise(claim, { action, resource: IDENTITY, content });
  const authoriseWrite = async (action: string, content: unknown, claim: Claim) => {
    const actor = await authorise(action, content, claim);
    await requireAdminRole(parts.pool, action);
    return actor;
  };
  return { authorise, authoriseWrite };
}

/** What a new installation's first admin is known by, waiting for the database. */
function firstAdminFile(stateDirectory: string): string {
  return join(stateDirectory, 'keys', 'first-admin.json');
}

/**
 * Makes the key of the first admin, once: the user who sets the installation up, where it is known that its database has none. In development it has every role, in production
 * none but `admin`.
 *
 * @returns what to say aloud, or null when it was made before
 */
export async function makeFirstAdmin({
  environment,
  stateDirectory,
}: Pick<MlopsConfig, 'environment' | 'stateDirectory'>): Promise<string | null> {
  const marker = firstAdminFile(stateDirectory);
  const name = currentUser();
  const file = identityFileOf(stateDirectory, name);
  if (existsSync(marker) || existsSync(file)) return null;
  await makeIdentityFolder(stateDirectory);
  const principal = newPrincipalId();
  const roles: readonly Role[] = environment === 'production' ? ['admin'] : ROLE_NAMES;
  const key = await writeIdentity(file, principal);
  const made: NewIdentity = { ...key, principal, name, kind: 'human', roles };
  await mkdir(dirname(marker), { recursive: true });
  await writeDurably(marker, `${JSON.stringify(made, null, 2)}\n`);
  return `made the identity ${name}, the first admin of a new installation (${roles.length === 1 ? 'no other role' : 'every role: this is not production'}): its key is ${file}`;
}

/** Whether a database ever had an admin: nobody is the first of it any more. */
export async function hadAdmin(databaseUrl: string): Promise<boolean> {
  const pool = createPool(databaseUrl, 1);
  try {
    return await createIdentityReader({ pool }).hadAdmin();
  } finally {
    await pool.end();
  }
}

/** What became of the first admin that waited for the database. */
export type Admission =
  | { readonly state: 'admitted' | 'nothing-to-do' }
  /** There was one before: the key that was made is nobody's, and signs nothing from where it is now. */
  | { readonly state: 'set-aside'; readonly file: string };

/** Lets the first admin in when the database never had one. */
export async function admitFirstAdmin(stateDirectory: string, parts: EvidenceParts): Promise<Admission> {
  const marker = firstAdminFile(stateDirectory);
  if (!existsSync(marker)) return { state: 'nothing-to-do' };
  try {
    const made = JSON.parse(await readFile(marker, 'utf8')) as NewIdentity;
    const identities = createIdentities(parts);
    if (await identities.bootstrap(made)) return { state: 'admitted' };
    if ((await identities.key(made.keyId)) !== null) return { state: 'nothing-to-do' };
    return await setAside(identityFileOf(stateDirectory, made.name), marker, made.keyId);
  } catch (error) {
    if (isMlopsError(error)) throw error;
    throw new MlopsError('IDENTITY_FILE_INVALID', { file: marker, problem: String(error) }, { cause: error });
  }
}

/** A key that nobody knows is not taken for this user's in production; it is moved and not removed, for the database may be the wrong one. */
async function setAside(file: string, marker: string, keyId: string): Promise<Admission> {
  const there = await readIdentity(file).catch(() => null);
  if (there?.keyId !== keyId) return { state: 'nothing-to-do' };
  const aside = `${file}.not-admitted`;
  await rename(file, aside);
  await rename(marker, `${marker}.not-admitted`);
  return { state: 'set-aside', file: aside };
}
