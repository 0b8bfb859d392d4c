import type { Certificate } from './certificate.ts';

const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';
const ANY_PURPOSE = '2.5.29.37.0';
const NO_ROOT = 'it does not lead to a root that counts';

/**
 * What is wrong with the path from a signer's certificate to one of the roots; null when there is one whose certificates are all valid at
 * the time, and are all for this. RFC 5280, section 6, without policies; constraints of names are refused before.
 *
 * @param others certificates that may stand between, which nobody vouches for
 */
export function judgePath(
  leaf: Certificate,
  others: readonly Certificate[],
  { at, roots }: { readonly roots: readonly Certificate[]; readonly at: Date },
): string | null {
  const problem = judgeSigningUse(leaf) ?? judgeTime(leaf, at);
  if (problem !== null) return problem;
  if (roots.some((root) => isSame(root, leaf))) return null;
  // Each is tried once, so that certificates which issue each other cost no more than others.
  const left = new Set(others);
  const search = (below: Certificate, between: number): string | null => {
    let found: string | null = null;
    for (const issuer of [...roots, ...left]) {
      const isRoot = roots.includes(issuer);
      if ((!isRoot && !left.has(issuer)) || !isIssuer(issuer, below)) continue;
      left.delete(issuer);
      const unfit = judgeIssuer(issuer, between, at);
      if (unfit === null && isRoot) return null;
      const above = unfit ?? search(issuer, between + 1);
      if (above === null) return null;
      // What is wrong with a certificate says more than that another leads nowhere.
      if (found === null || found === NO_ROOT) found = above;
    }
    return found ?? NO_ROOT;
  };
  return search(leaf, 0);
}

/** What is wrong with the use of a certificate for signing code; null when it says that it is for this, and for nothing that it is not. */
export function judgeSigningUse({ keyUsage, purposes }: Certificate): string | null {
  if (keyUsage === null && purposes === null) return 'it does not say what it is for, wanted signing';
  if (keyUsage?.signs === false) return 'its key is not for signatures';
  return isForCode(purposes) ? null : 'it is not for signing code';
}

function judgeIssuer(issuer: Certificate, between: number, at: Date): string | null {
  const who = 'a certificate above it';
  if (issuer.depth === null || issuer.keyUsage?.issues === false) return `${who} may not issue certificates`;
  if (issuer.depth < between) return `${who} has more certificates below it than it may`;
  if (!isForCode(issuer.purposes)) return `${who} is not for signing code`;
  return judgeTime(issuer, at);
}

function judgeTime({ x509 }: Certificate, at: Date): string | null {
  const { validFromDate: from, validToDate: to } = x509;
  if (at < from) return `it begins to be valid on ${from.toISOString()}`;
  return at > to ? `it was valid until ${to.toISOString()}` : null;
}

function isForCode(purposes: readonly string[] | null): boolean {
  return purposes === null || purposes.includes(CODE_SIGNING) || purposes.includes(ANY_PURPOSE);
}

function isIssuer({ x509: issuer }: Certificate, { x509: below }: Certificate): boolean {
  return below.checkIssued(issuer) && below.verify(issuer.publicKey);
}

function isSame(a: Certificate, b: Certificate): boolean {
  return a.x509.raw.equals(b.x509.raw);
}
