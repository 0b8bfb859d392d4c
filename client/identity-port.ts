import type { Claim } from '../domain/governance/statement.ts';
import type { Role } from '../domain/governance/roles.ts';

/** Port: who acts in this process. */
export interface CurrentIdentity {
  /** A principal id when it signs, else the user of the operating system. */
  readonly actor: string;
  /** Says who asks for what; signed where there is a key. */
  claim(asked: { readonly action: string; readonly resource: string; readonly content?: unknown }): Claim;
}

/** A claim of who is meant: of the identity that signs, else of the name that is given. */
export function claimBy(
  identity: CurrentIdentity | null,
  actor: string,
  asked: Parameters<CurrentIdentity['claim']>[0],
): Claim {
  const claim = identity?.claim(asked);
  return claim?.statement === undefined ? { actor } : claim;
}

/** Somebody who may act, or could. */
export interface ListedIdentity {
  readonly principal: string;
  /** Null when it was erased. */
  readonly name: string | null;
  readonly kind: 'human' | 'service';
  /** `ed25519`, `operating-system`, `oidc` */
  readonly authentication: string;
  readonly roles: readonly string[];
  /** Ids of keys in force. */
  readonly keys: readonly string[];
  readonly createdAt: string;
}

/** What is asked of an identity; the claim is over all of it. */
export interface IdentityOrder {
  readonly name: string;
  readonly reason: string;
}

/** What everything about identities is claimed and decided on: names of people stay out of the log. */
export const IDENTITY_RESOURCE = 'identity';

/** Port: principals with their roles and keys. Every call is authorised, and is an event. */
export interface Identities {
  /** Makes a key file and the principal of its key. @throws IDENTITY_EXISTS, IDENTITY_FILE_UNWRITABLE, ROLE_FOR_PEOPLE, NOT_AUTHORISED */
  create(
    order: IdentityOrder & { readonly kind: 'human' | 'service'; readonly roles: readonly Role[] },
    file: string | null,
    claim: Claim,
  ): Promise<{ readonly principal: string; readonly key: string; readonly file: string }>;
  /** Returns the roles that were not held before. @throws IDENTITY_UNKNOWN, ROLE_FOR_PEOPLE, NOT_AUTHORISED */
  grant(order: IdentityOrder & { readonly roles: readonly Role[] }, claim: Claim): Promise<readonly string[]>;
  /** One role, or with `null` every role and key. @throws IDENTITY_UNKNOWN, ROLE_NOT_GRANTED, LAST_ADMIN, NOT_AUTHORISED */
  revoke(
    order: IdentityOrder & { readonly role: Role | null },
    claim: Claim,
  ): Promise<{ readonly roles: readonly string[]; readonly keys: readonly string[] }>;
  /**
   * Replaces the key: `identity.rotate-own` for one's own, which the worker carries out where the login in the database may not. A rotation that
   * was stopped half way is completed by the next.
   *
   * @throws IDENTITY_UNKNOWN, IDENTITY_UNSIGNED, NOT_AUTHORISED, DATABASE_ROLE_MISSING, OWN_KEY_UNANSWERED
   */
  rotate(
    order: IdentityOrder,
    file: string | null,
    signer: CurrentIdentity,
  ): Promise<{ readonly key: string; readonly replaced: readonly string[]; readonly file: string }>;
  /** @throws NOT_AUTHORISED */
  list(claim: Claim): Promise<readonly ListedIdentity[]>;
}
