import type { OmsSignature } from '../../domain/registry/oms.ts';
import { judgeByKeys, loadOmsKeys } from './oms-keys.ts';
import type { CertificateSigners } from './oms-certificates.ts';
import type { SigstoreSigners } from './oms-sigstore.ts';
import type { SignerFinding } from './signer-finding.ts';

/** Whose signatures are known. */
export interface KnownSigners {
  /** Files with a public key (PEM) each, or a folder of `*.pub` */
  readonly keys: readonly string[] | { readonly folder: string };
  /** Null: signatures by certificates cannot be judged. */
  readonly certificates: CertificateSigners | null;
  /** Null: signatures by Sigstore cannot be judged. */
  readonly sigstore: SigstoreSigners | null;
}

/**
 * Who has made a signature. Files are read when they are needed, so that a key that was taken away counts no more.
 *
 * @param now when certificates must be valid; those of Sigstore must have been when their log says
 * @throws SIGNER_KEY_INVALID, SIGNER_ROOT_INVALID
 */
export async function findSigner(signature: OmsSignature, known: KnownSigners, now: Date): Promise<SignerFinding> {
  const { material } = signature;
  if (material.kind === 'key') return judgeByKeys(signature, material.hint, await loadOmsKeys(known.keys));
  if (material.kind === 'certificate') {
    if (known.certificates === null)
      return { kind: 'unknown', problem: 'it is signed by a certificate, and no root of certificates counts' };
    const { judgeByCertificate, loadRoots } = await certificates();
    const { identities, roots } = known.certificates;
    return judgeByCertificate(signature, material.chain, { roots: await loadRoots(roots), identities, now });
  }
  if (known.sigstore === null)
    return { kind: 'unknown', problem: 'it is signed by Sigstore, and nobody who signs so counts' };
  const { judgeBySigstore, loadVerifier } = await sigstore();
  const { identities, trustedRoot } = known.sigstore;
  return judgeBySigstore(signature, material.bundle, { verifier: await loadVerifier(trustedRoot), identities });
}

/** Reads all files of known signers. @throws SIGNER_KEY_INVALID, SIGNER_ROOT_INVALID for the first that cannot be used */
export async function probeSigners(known: KnownSigners): Promise<void> {
  await loadOmsKeys(known.keys);
  if (known.certificates !== null) await (await certificates()).loadRoots(known.certificates.roots);
  if (known.sigstore !== null) await (await sigstore()).loadVerifier(known.sigstore.trustedRoot);
}

// Few commands judge a signature, and fewer one of these.
const certificates = async () => await import('./oms-certificates.ts');
const sigstore = async () => await import('./oms-sigstore.ts');
