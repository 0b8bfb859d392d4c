import { randomBytes } from 'node:crypto';
import { isMlopsError, MlopsError } from '../../../domain/errors.ts';
import { draftOfRefusal } from '../../../domain/governance/access-drafts.ts';
import type { EventActor } from '../../../domain/governance/event-draft.ts';
import { isAllowed, PERMISSIONS } from '../../../domain/governance/permissions.ts';
import type { Primitives } from '../../../domain/governance/primitives.ts';
import {
  isPrincipalId,
  problemOfAge,
  problemOfForm,
  problemOfPurpose,
  STATEMENT_LIFE_MS,
  statementText,
  type AskedFor,
  type Claim,
  type SignedStatement,
} from '../../../domain/governance/statement.ts';
import { digestOf } from '../../crypto/digest-of.ts';
import type { TokenVerifier } from '../../identity/token-verifier.ts';
import { query } from '../query.ts';
import type { EvidenceParts } from '../rollout-store.ts';
import { KEY_PROVIDER } from './keys.ts';

/** What holds for whoever acts in an environment. */
export interface IdentityRules {
  /** What is not signed is refused: in production. */
  readonly mustSign: boolean;
  /** Roles of a user of the operating system who was granted none; never used where everything is signed. */
  readonly developmentRoles: readonly string[];
}

/** Decides who somebody is and whether they may (a port of activities, and of composition roots). */
export interface Authority {
  /**
   * Returns who it is when they may do it. A refusal is an event too.
   *
   * @throws NOT_AUTHENTICATED, NOT_AUTHORISED, DATABASE_UNREACHABLE, LEDGER_CLOSED
   */
  authorise(claim: Claim, request: AskedFor): Promise<EventActor>;
  /**
   * Lets somebody do it whom another port has authenticated. A refusal is an event.
   *
   * @throws NOT_AUTHORISED, DATABASE_UNREACHABLE, LEDGER_CLOSED
   */
  permit(actor: EventActor, request: Pick<AskedFor, 'action' | 'resource'>): Promise<void>;
  /**
   * Who did something that is done already, as far as it is shown: somebody unknown when it is not. Asks for no role.
   *
   * @throws DATABASE_UNREACHABLE
   */
  recognise(claim: Claim, request: AskedFor): Promise<EventActor>;
}

interface Parts extends EvidenceParts {
  readonly primitives: Primitives;
  readonly rules: IdentityRules;
  readonly tokens: TokenVerifier;
}

/** Nobody is known to have asked. */
const NOBODY: EventActor = { id: 'unknown:unauthenticated', kind: 'human', authentication: 'none' };

/** Whether somebody is known by being on this machine, and by nothing else. */
export function isUnproven(authentication: string): boolean {
  return authentication === 'operating-system' || authentication === 'loopback';
}

/** Verifies statements by the keys in the database and looks roles up there, each time: what was revoked is revoked at once. */
export function createAuthority(parts: Parts): Authority {
  return {
    async authorise(claim, request) {
      const { actor, problem } = await authenticate(parts, claim, request);
      if (problem !== null) {
        const error = new MlopsError('NOT_AUTHENTICATED', { action: request.action, problem });
        await writeRefusal(parts, request, error, NOBODY);
        throw error;
      }
      await permit(parts, actor, request, claim.actor);
      return actor;
    },
    permit: async (actor, request) => await permit(parts, actor, request, actor.id),
    async recognise(claim, request) {
      // The order of an emergency was carried out whoever gave it, and read before: it is used by every reading of it.
      const occasion = `recognised/${claim.statement?.statement.nonce ?? ''}`;
      const lenient = { ...parts, rules: { ...parts.rules, mustSign: false } };
      return (await authenticate(lenient, claim, { ...request, occasion })).actor ?? NOBODY;
    },
  };
}

/** @throws NOT_AUTHORISED */
async function permit(
  parts: Parts,
  actor: EventActor,
  request: Pick<AskedFor, 'action' | 'resource'>,
  who: string,
): Promise<void> {
  const roles = await rolesOf(parts, actor);
  if (isAllowed(request.action, roles)) return;
  const error = new MlopsError('NOT_AUTHORISED', {
    who,
    action: request.action,
    resource: request.resource,
    has: roles.length === 0 ? 'no role' : roles.join(', '),
    wanted: wantedRoles(request.action),
  });
  await writeRefusal(parts, request, error, actor);
  throw error;
}

type Authentication =
  { readonly actor: EventActor; readonly problem: null } | { readonly actor: null; readonly problem: string };

function unknown(problem: string): Authentication {
  return { actor: null, problem };
}

async function authenticate(parts: Parts, claim: Claim, request: AskedFor): Promise<Authentication> {
  const { statement, token } = claim;
  if (statement !== undefined && token !== undefined) return unknown('it comes with a statement and with a token');
  if (token !== undefined) return await verifyToken(parts, token);
  if (statement === undefined) {
    if (parts.rules.mustSign) return unknown('nothing is signed, and in production everything must be');
    const { principals } = parts;
    const actor = await (isPrincipalId(claim.actor) ? principals.actor(claim.actor) : principals.person(claim.actor));
    // Who has a key signs; a user of this machine has nothing to show, by id as little as by name.
    if (!isUnproven(actor.authentication)) return unknown(`${claim.actor} is claimed and nothing is signed`);
    return { actor, problem: null };
  }
  const { action, resource } = request;
  const content = digestOfContent(request.content);
  if (content === null) return unknown('its statement is not valid: nobody can sign what has no canonical text');
  const problem =
    problemOfForm(statement) ??
    problemOfPurpose(statement, { action, resource, content, principal: claim.actor }) ??
    problemOfAge(statement, request.receivedAt === undefined ? Date.now() : Date.parse(request.receivedAt));
  if (problem !== null) return unknown(`its statement is not valid: ${problem}`);
  return await verifySignature(parts, statement, request);
}

/** Null for what has no canonical text: no digest is one of it. */
function digestOfContent(content: unknown): string | null {
  try {
    return digestOf(content);
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

/** The principal must have been made known here, by the name that the rules of the issuer give it. */
async function verifyToken({ pool, tokens }: Parts, token: string): Promise<Authentication> {
  try {
    const { principal } = await tokens.verify(token);
    const [row] = await query<{ principal_id: string; kind: EventActor['kind'] }>(
      pool,
      `SELECT principal_id, kind FROM principal WHERE name = $1 AND provider = 'ed25519'`,
      [principal],
    );
    if (row === undefined) return unknown(`its token stands for ${principal}, who is not known here`);
    return { actor: { id: row.principal_id, kind: row.kind, authentication: 'oidc' }, problem: null };
  } catch (error) {
    if (isMlopsError(error, 'NOT_AUTHENTICATED')) return unknown(String(error.details['problem']));
    throw error;
  }
}

interface KeyRow {
  readonly kind: EventActor['kind'];
  readonly provider: string;
  readonly public_key: Buffer;
  readonly is_known: boolean;
  readonly is_revoked: boolean;
}

async function verifySignature(parts: Parts, signed: SignedStatement, request: AskedFor): Promise<Authentication> {
  const { pool, primitives } = parts;
  const { key, principal } = signed.statement;
  const [row] = await query<KeyRow>(
    pool,
    `SELECT p.kind, p.provider, k.public_key, p.name IS NOT NULL AS is_known, k.revoked_at IS NOT NULL AS is_revoked
     FROM principal_key k JOIN principal p USING (principal_id) WHERE k.key_id = $1 AND k.principal_id = $2`,
    [key, principal],
  );
  if (row === undefined) return unknown(`key ${key} of ${principal} is not known here`);
  const isGenuine = primitives.verify(
    row.public_key,
    statementText(signed.statement),
    Buffer.from(signed.signature, 'base64'),
  );
  if (!isGenuine) return unknown(`the signature by key ${key} of ${principal} is not genuine`);
  if (row.is_revoked) return unknown(`key ${key} of ${principal} was revoked`);
  if (!row.is_known) return unknown(`${principal} was erased`);
  // Whom the operating system names was made by nobody: a key makes them nobody who was.
  if (row.provider !== KEY_PROVIDER)
    return unknown(`${principal} is named by ${row.provider} alone, and signs nothing`);
  if (!(await useOnce(parts, signed, request.occasion ?? randomBytes(16).toString('hex'))))
    return unknown('its statement was used before');
  return { actor: { id: principal, kind: row.kind, authentication: row.provider }, problem: null };
}

/** Whether the statement is new, or was used by this very occasion. */
async function useOnce({ pool }: Parts, { statement }: SignedStatement, occasion: string): Promise<boolean> {
  await query(pool, 'DELETE FROM used_statement WHERE expires_at < now()');
  const rows = await query<{ occasion: string }>(
    pool,
    `INSERT INTO used_statement (nonce, principal_id, occasion, expires_at)
     VALUES ($1, $2, $3, now() + make_interval(secs => $4))
     ON CONFLICT (nonce) DO UPDATE SET occasion = used_statement.occasion RETURNING occasion`,
    [statement.nonce, statement.principal, occasion, (2 * STATEMENT_LIFE_MS) / 1000],
  );
  return rows[0]?.occasion === occasion;
}

async function rolesOf({ pool, rules }: Parts, actor: EventActor): Promise<readonly string[]> {
  const rows = await query<{ role: string; is_held: boolean }>(
    pool,
    'SELECT role, revoked_at IS NULL AS is_held FROM principal_role WHERE principal_id = $1 ORDER BY role',
    [actor.id],
  );
  // Who was ever granted a role is no longer one of those who were granted none.
  if (rows.length === 0 && isUnproven(actor.authentication)) return rules.developmentRoles;
  return rows.filter(({ is_held }) => is_held).map(({ role }) => role);
}

function wantedRoles(action: string): string {
  const roles: readonly string[] = Object.entries(PERMISSIONS).find(([name]) => name === action)?.[1] ?? [];
  return roles.length === 0 ? 'what nobody has' : roles.join(' or ');
}

async function writeRefusal(
  { ledger }: Parts,
  request: Pick<AskedFor, 'action' | 'resource'>,
  error: MlopsError,
  actor: EventActor,
): Promise<void> {
  const { action, resource } = request;
  await ledger.append(draftOfRefusal({ action, resource, code: error.code, problem: error.message }, actor));
}
