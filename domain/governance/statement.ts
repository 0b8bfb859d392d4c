import { canonicalJson } from './canonical-json.ts';

export const STATEMENT_FORMAT = 'durable-mlops/statement@1';

/** Who wants what, of what, when: everything that a signature covers. */
export interface Statement {
  readonly format: typeof STATEMENT_FORMAT;
  /** A name of the table of permissions: `rollout.approve` */
  readonly action: string;
  /** `rollout/production/rag_api` */
  readonly resource: string;
  /** SHA-256 (hex) of the canonical JSON of everything else that is asked: reason, plan, roles, ... */
  readonly content: string;
  /** Opaque id of who signs. */
  readonly principal: string;
  /** Which of their keys. */
  readonly key: string;
  /** ISO 8601, UTC */
  readonly at: string;
  /** 32 hex digits, used once. */
  readonly nonce: string;
}

/** A statement with its Ed25519 signature over `statementText`, base64. */
export interface SignedStatement {
  readonly statement: Statement;
  readonly signature: string;
}

/** Who somebody says they are: with a statement it is shown, without one it is the user of the operating system. */
export interface Claim {
  /** A principal id when there is a statement, else a name. */
  readonly actor: string;
  readonly statement?: SignedStatement;
  /** A token of an identity provider, in place of a statement. A secret: it is never sent on, to a workflow least of all. */
  readonly token?: string;
}

/** What somebody asks for, as the one who is asked sees it. */
export interface AskedFor {
  readonly action: string;
  readonly resource: string;
  /** Everything else that is asked: a statement is bound to it. */
  readonly content?: unknown;
  /** When it came (ISO 8601, by the server's clock), where it waited since: by that time it must not have been too old. */
  readonly receivedAt?: string;
  /** Names this one call, the same on each of its attempts; a statement is good for one. */
  readonly occasion?: string;
}

/** How far the clocks of who signs and who verifies may be apart, and how long a statement may be on its way. */
export const STATEMENT_LIFE_MS = 10 * 60_000;

/** Principal ids are made here and look like this. A name that looks like one is not a name. */
const PRINCIPAL_ID = /^principal:[0-9a-f]{16,64}$/;

/** Whether a text is the opaque id of a principal. */
export function isPrincipalId(text: string): boolean {
  return PRINCIPAL_ID.test(text);
}

/** What is signed: its first line keeps a signature from being taken for one of anything else. */
export function statementText(statement: Statement): string {
  return `${STATEMENT_FORMAT}\n${canonicalJson(statement)}`;
}

/** Says why a value cannot be a signed statement, or null when it has its form. Looks at no signature. */
export function problemOfForm(value: unknown): string | null {
  const { signature, statement } = recordOf(value);
  if (typeof signature !== 'string' || !/^[A-Za-z0-9+/]{86}==$/.test(signature))
    return 'its signature is not the base64 of 64 bytes';
  const given = recordOf(statement);
  if (given['format'] !== STATEMENT_FORMAT) return `its format is not ${STATEMENT_FORMAT}`;
  const unknown = Object.keys(given).find((name) => !(name in FORMS) && name !== 'format');
  if (unknown !== undefined) return `it has an unknown member ${unknown}`;
  const wrong = Object.entries(FORMS).find(([name, form]) => !form.test(textOf(given[name])));
  return wrong === undefined ? null : `its ${wrong[0]} is missing or of a wrong form`;
}

/** Says why a statement is not one for what is asked by this principal, or null when it is. */
export function problemOfPurpose(
  { statement }: SignedStatement,
  asked: { readonly action: string; readonly resource: string; readonly content?: string; readonly principal: string },
): string | null {
  if (statement.principal !== asked.principal)
    return `it is signed by ${statement.principal}, not by ${asked.principal}`;
  if (statement.action !== asked.action) return `it is for ${statement.action}, not for ${asked.action}`;
  if (statement.resource !== asked.resource) return `it is about ${statement.resource}, not about ${asked.resource}`;
  if (asked.content !== undefined && statement.content !== asked.content)
    return 'it was signed for other content than was sent';
  return null;
}

/** Where everything is signed, and more than one person decides. */
export const PRODUCTION = 'production';

/**
 * Says what is wrong with a claim, as far as it can be seen without keys: in production nothing unsigned goes on, nowhere may somebody pass for
 * a principal, a statement must be for this, and a token says who comes and not what is wanted. Null when nothing is.
 *
 * @param environment null where it is not known yet
 */
export function problemOfClaim(
  { actor, statement, token }: Claim,
  { environment, ...asked }: Pick<AskedFor, 'action' | 'resource'> & { readonly environment: string | null },
): string | null {
  if (token !== undefined) return 'a token decides nothing: it must be signed (set MLOPS_IDENTITY)';
  if (statement === undefined) {
    if (environment === PRODUCTION) return 'in production it must be signed (set MLOPS_IDENTITY)';
    return isPrincipalId(actor) ? `it is not signed by ${actor}` : null;
  }
  const problem = problemOfForm(statement) ?? problemOfPurpose(statement, { ...asked, principal: actor });
  return problem === null ? null : `its statement is not valid: ${problem}`;
}

/** Says why a statement is too old or from the future, or null. */
export function problemOfAge({ statement }: SignedStatement, nowMs: number): string | null {
  const ageMs = nowMs - Date.parse(statement.at);
  if (ageMs > STATEMENT_LIFE_MS)
    return `it is ${Math.round(ageMs / 1000)} s old, wanted ${STATEMENT_LIFE_MS / 1000} s at most`;
  if (ageMs < -STATEMENT_LIFE_MS) return `it is from the future by ${Math.round(-ageMs / 1000)} s: a clock is wrong`;
  return null;
}

const FORMS: Readonly<Record<Exclude<keyof Statement, 'format'>, RegExp>> = {
  action: /^[a-z][a-z-]*\.[a-z][a-z-]*$/,
  resource: /^\S{1,1024}$/,
  content: /^[0-9a-f]{64}$/,
  principal: PRINCIPAL_ID,
  key: /^[0-9a-f]{16}$/,
  at: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
  nonce: /^[0-9a-f]{32}$/,
};

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
