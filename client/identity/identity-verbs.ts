import { z } from 'zod';
import { isNewName, WANTED_NEW_NAME } from '../../domain/governance/person-name.ts';
import { ROLE_NAMES, type Role } from '../../domain/governance/roles.ts';
import { IDENTITY_RESOURCE, type CurrentIdentity, type Identities, type ListedIdentity } from '../identity-port.ts';
import { NAME, parseInput, TEXT } from '../parse-input.ts';

/** Somebody who becomes known. */
export interface NewIdentityOrder {
  /** How people call it: 1 to 64 letters of one alphabet, digits, single spaces, `_ @ + -`. Nobody else is called so, `Ada` and `ada` are the same. It can be erased. */
  readonly name: string;
  /** A person, or a program such as a CI job. `human` by default. */
  readonly kind?: 'human' | 'service';
  /** None by default. */
  readonly roles?: readonly Role[];
  /** Why, in words; sealed in the ledger. Empty by default. */
  readonly reason?: string;
  /** Where the private key is written; by default in `.mlops/identities`. */
  readonly file?: string;
}

/** Roles for somebody. */
export interface GrantOrder {
  /** A name, or a principal id. */
  readonly name: string;
  /** At least one. */
  readonly roles: readonly Role[];
  readonly reason?: string;
}

/** What is taken away. */
export interface RevokeOrder {
  /** A name, or a principal id. */
  readonly name: string;
  /** One role; null: every role and key. */
  readonly role: Role | null;
  readonly reason?: string;
}

/** Whose key is replaced. */
export interface KeyOrder {
  /** A name, or a principal id. */
  readonly name: string;
  readonly reason?: string;
  /** Where the private key is written; by default in `.mlops/identities`. */
  readonly file?: string;
}

/**
 * Principals with their roles and keys for programs: what the commands of `identity` do. Every verb is authorised and an event, and may throw
 * USAGE_INVALID, NOT_AUTHENTICATED, NOT_AUTHORISED, DATABASE_ROLE_MISSING and DATABASE_UNREACHABLE.
 */
export interface IdentityVerbs {
  /** Makes a key file (mode 600) and the principal of its key. @throws IDENTITY_EXISTS, IDENTITY_FILE_INVALID */
  create(order: NewIdentityOrder): Promise<{ readonly principal: string; readonly key: string; readonly file: string }>;
  /** Who is known, with roles and keys in force; `you` is who runs the program. */
  list(): Promise<{ readonly you: string; readonly identities: readonly ListedIdentity[] }>;
  /** Gives roles; returns those that were not held before. @throws IDENTITY_UNKNOWN */
  grant(order: GrantOrder): Promise<readonly string[]>;
  /** Takes a role away, or with `null` every role and key, at once. @throws IDENTITY_UNKNOWN, ROLE_NOT_GRANTED, LAST_ADMIN */
  revoke(order: RevokeOrder): Promise<{ readonly roles: readonly string[]; readonly keys: readonly string[] }>;
  /**
   * Replaces the key; the earlier ones, `replaced`, count no more. Everybody may replace their own, by the worker where the login in the
   * database may not; a program that has replaced its own connects anew. One that was stopped half way is completed by the next.
   *
   * @throws IDENTITY_UNKNOWN, IDENTITY_UNSIGNED, OWN_KEY_UNANSWERED
   */
  rotate(
    order: KeyOrder,
  ): Promise<{ readonly key: string; readonly replaced: readonly string[]; readonly file: string }>;
}

const ROLE = z.enum(ROLE_NAMES);
const REASON = TEXT.exactOptional();
const NEW_IDENTITY = z.strictObject({
  name: z.string().refine(isNewName, { error: `wanted ${WANTED_NEW_NAME}` }),
  kind: z.enum(['human', 'service']).exactOptional(),
  roles: z.array(ROLE).exactOptional(),
  reason: REASON,
  file: NAME.exactOptional(),
}) satisfies z.ZodType<NewIdentityOrder>;
const GRANT = z.strictObject({
  name: NAME,
  roles: z.array(ROLE).min(1),
  reason: REASON,
}) satisfies z.ZodType<GrantOrder>;
const REVOKE = z.strictObject({ name: NAME, role: ROLE.nullable(), reason: REASON }) satisfies z.ZodType<RevokeOrder>;
const KEY = z.strictObject({ name: NAME, reason: REASON, file: NAME.exactOptional() }) satisfies z.ZodType<KeyOrder>;

/** What identities need of the system. */
export interface IdentityVerbParts {
  identities(): Promise<Identities>;
  identity(): Promise<CurrentIdentity>;
}

/** The verbs of identities, for the command line and for programs. */
export function createIdentityVerbs(parts: IdentityVerbParts): IdentityVerbs {
  const claimOf = async (action: string, content: unknown) =>
    (await parts.identity()).claim({ action, resource: IDENTITY_RESOURCE, content });
  return {
    create: async (given) => {
      const read = parseInput('identities.create', NEW_IDENTITY, given);
      const { file = null, kind = 'human', name, reason = '', roles = [] } = read;
      const order = { name, kind, roles: each(roles), reason };
      return await (await parts.identities()).create(order, file, await claimOf('identity.create', order));
    },
    list: async () => {
      const { actor: you } = await parts.identity();
      const claim = await claimOf('identity.list', null);
      return { you, identities: await (await parts.identities()).list(claim) };
    },
    grant: async (given) => {
      const { name, reason = '', roles } = parseInput('identities.grant', GRANT, given);
      const order = { name, roles: each(roles), reason };
      return await (await parts.identities()).grant(order, await claimOf('identity.grant', order));
    },
    revoke: async (given) => {
      const { name, reason = '', role } = parseInput('identities.revoke', REVOKE, given);
      const order = { name, role, reason };
      return await (await parts.identities()).revoke(order, await claimOf('identity.revoke', order));
    },
    rotate: async (given) => {
      const { file = null, name, reason = '' } = parseInput('identities.rotate', KEY, given);
      const order = { name, reason };
      return await (await parts.identities()).rotate(order, file, await parts.identity());
    },
  };
}

/** Each once, in one order: they are signed. */
function each(roles: readonly Role[]): readonly Role[] {
  return [...new Set(roles)].sort();
}
