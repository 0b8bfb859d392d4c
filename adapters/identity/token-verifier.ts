import { createRemoteJWKSet, decodeJwt, errors, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { MlopsError, messageOf } from '../../domain/errors.ts';
import { principalOfToken, type TokenIssuer } from '../../domain/governance/token-claims.ts';

/** How far the clocks of issuers and of this machine may be apart. */
const CLOCK_TOLERANCE_SECONDS = 60;
const JWKS_TIMEOUT_MS = 5_000;

/** How keys of issuers are kept. */
export interface KeyKeeping {
  /** A key that the issuer has taken back counts no longer than this. */
  readonly longestMs: number;
  /** A token that names an unknown key makes them be fetched anew, not more often than this: anybody can write such a token. */
  readonly shortestMs: number;
}

const KEPT: KeyKeeping = { longestMs: 5 * 60_000, shortestMs: 5_000 };
/** Algorithms with public keys: no secret of ours could be mistaken for one. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];

/** Verifies tokens of identity providers (OIDC): CI jobs, people behind a single sign-on. */
export interface TokenVerifier {
  /**
   * The name of the principal that a token stands for.
   *
   * @throws NOT_AUTHENTICATED when it is not valid, not for us, or stands for nobody; TOKEN_ISSUER_UNREACHABLE
   */
  verify(token: string): Promise<{ readonly principal: string; readonly issuer: string }>;
}

/** Keys of issuers are fetched when they are first needed, when a token names one that is new, and when they are old. */
export function createTokenVerifier(
  issuers: readonly TokenIssuer[],
  { longestMs, shortestMs }: KeyKeeping = KEPT,
): TokenVerifier {
  const rules = { timeoutDuration: JWKS_TIMEOUT_MS, cacheMaxAge: longestMs, cooldownDuration: shortestMs };
  const keys = new Map<string, JWTVerifyGetKey>();
  const keysOf = ({ issuer, jwksUrl }: TokenIssuer): JWTVerifyGetKey => {
    const known = keys.get(issuer) ?? createRemoteJWKSet(new URL(jwksUrl), rules);
    keys.set(issuer, known);
    return known;
  };
  return {
    async verify(token) {
      const issuer = findIssuer(issuers, token);
      const { payload } = await jwtVerify(token, keysOf(issuer), {
        issuer: issuer.issuer,
        audience: issuer.audience,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        requiredClaims: ['exp', 'iat', 'sub'],
      }).catch((error: unknown) => {
        throw translate(error, issuer);
      });
      const principal = principalOfToken(issuer.subjects, payload);
      if (principal === null) throw refused(`no rule of ${issuer.issuer} fits its claims (sub ${String(payload.sub)})`);
      return { principal, issuer: issuer.issuer };
    },
  };
}

/** Read before it is verified: only to know whose keys to ask. */
function findIssuer(issuers: readonly TokenIssuer[], token: string): TokenIssuer {
  let named: unknown;
  try {
    named = decodeJwt(token).iss;
  } catch {
    throw refused('it is not a JWT');
  }
  const issuer = issuers.find((one) => one.issuer === named);
  if (issuer === undefined) throw refused(`its issuer ${String(named)} is not among identity.issuers`);
  return issuer;
}

function translate(error: unknown, { issuer, jwksUrl }: TokenIssuer): MlopsError {
  const isOfToken = error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout);
  if (isOfToken && error.code !== 'ERR_JOSE_GENERIC') return refused(messageOf(error));
  return new MlopsError(
    'TOKEN_ISSUER_UNREACHABLE',
    { issuer, url: jwksUrl, problem: messageOf(error) },
    { cause: error },
  );
}

function refused(problem: string): MlopsError {
  return new MlopsError('NOT_AUTHENTICATED', { action: 'the API', problem: `its token is not valid: ${problem}` });
}
