import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { MlopsError, messageOf } from '../../domain/errors.ts';
import type { OmsSignature } from '../../domain/registry/oms.ts';
import { parseCertificate, type Certificate } from './certificate.ts';
import { judgePath } from './certificate-path.ts';
import { createVerification } from './oms-keys.ts';
import { wrong, type SignerFinding } from './signer-finding.ts';

/** Whose certificates count. */
export interface CertificateSigners {
  /** PEM, with one or more certificates each */
  readonly roots: readonly string[];
  /** Names of certificates; none: whoever the roots vouch for */
  readonly identities: readonly string[];
}

/** More than these no signature needs; a file of every root there is must not cost time. */
const MOST_CERTIFICATES = 32;
const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Who has made a signature by a certificate: chain, names, signature. When it was made nobody vouches for, so the certificates must be valid
 * now.
 *
 * @param chain DER, the signer's first
 */
export function judgeByCertificate(
  signature: OmsSignature,
  chain: readonly Uint8Array[],
  known: { readonly roots: readonly Certificate[]; readonly identities: readonly string[]; readonly now: Date },
): SignerFinding {
  if (chain.length > MOST_CERTIFICATES)
    return wrong(`it has ${chain.length} certificates, wanted at most ${MOST_CERTIFICATES}`);
  try {
    const [leaf, ...others] = chain.map(parseCertificate);
    if (leaf === undefined) return wrong('it has no certificate');
    const problem = judgePath(leaf, others, { roots: known.roots, at: known.now });
    if (problem !== null) return wrong(`its certificate: ${problem}`);
    if (known.identities.length > 0 && !leaf.names.some((name) => known.identities.includes(name)))
      return wrong(`its certificate has none of the ${known.identities.length} names that count`);
    if (!createVerification(leaf.x509.publicKey)(signature)) return wrong('its signature is not right');
    return { kind: 'right', signer: `certificate of ${leaf.names.join(', ')}` };
  } catch (error) {
    return wrong(`its certificate: ${messageOf(error)}`);
  }
}

/** The certificates of files. @throws SIGNER_ROOT_INVALID */
export async function loadRoots(files: readonly string[]): Promise<readonly Certificate[]> {
  const found = await Promise.all(files.map(loadFile));
  return found.flat();
}

async function loadFile(file: string): Promise<Certificate[]> {
  try {
    const texts = (await readFile(file, 'utf8')).match(PEM) ?? [];
    if (texts.length === 0) throw new Error('it holds no certificate');
    return texts.map((text) => parseCertificate(new X509Certificate(text).raw));
  } catch (error) {
    throw new MlopsError('SIGNER_ROOT_INVALID', { file, problem: messageOf(error) }, { cause: error });
  }
}
