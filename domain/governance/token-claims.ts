/** Whose tokens are believed, and what they are worth. */
export interface TokenIssuer {
  /** As the token's `iss` says it. */
  readonly issuer: string;
  /** The token must be meant for us: its `aud` names this. */
  readonly audience: string;
  /** Where the issuer's public keys are. */
  readonly jwksUrl: string;
  /** Rules from the claims of a token to who it is; the first that fits counts. */
  readonly subjects: readonly SubjectRule[];
}

/** A token whose claims are these is this principal. */
export interface SubjectRule {
  /** Name of a principal that was made known by `mlops identity create`. */
  readonly principal: string;
  /** Claims that must be there with these values; `*` at the end stands for anything. */
  readonly claims: Readonly<Record<string, string>>;
}

/** Claims of a token whose signature was verified. */
export type TokenClaims = Readonly<Record<string, unknown>>;

/**
 * The principal that a token stands for; null when no rule fits. A claim that is missing, or no text, fits nothing: what a provider
 * leaves out is never a wildcard.
 *
 * @example principalOfToken([{ principal: 'ci', claims: { repository: 'acme/rag', ref: 'refs/heads/*' } }], claims)
 */
export function principalOfToken(rules: readonly SubjectRule[], claims: TokenClaims): string | null {
  const fits = ({ claims: wanted }: SubjectRule): boolean =>
    Object.entries(wanted).every(([name, value]) => matches(Object.hasOwn(claims, name) ? claims[name] : null, value));
  return rules.find(fits)?.principal ?? null;
}

function matches(given: unknown, wanted: string): boolean {
  if (typeof given !== 'string') return false;
  if (!wanted.endsWith('*')) return given === wanted;
  return given.startsWith(wanted.slice(0, -1));
}
