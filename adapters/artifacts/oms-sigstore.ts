import { readFile } from 'node:fs/promises';
import { bundleFromJSON, type Bundle } from '@sigstore/bundle';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import { MlopsError, messageOf } from '../../domain/errors.ts';
import type { OmsSignature } from '../../domain/registry/oms.ts';
import type { JsonObject } from '../../domain/json-object.ts';
import { parseCertificate } from './certificate.ts';
import { judgeSigningUse } from './certificate-path.ts';
import { wrong, type SignerFinding } from './signer-finding.ts';

/** Whose signatures by Sigstore count. */
export interface SigstoreSigners {
  /** `trusted_root.json` of the instance */
  readonly trustedRoot: string;
  /** At least one: anybody can have Sigstore sign. */
  readonly identities: readonly SigstoreIdentity[];
}

/** Somebody as a certificate of Sigstore names them. */
export interface SigstoreIdentity {
  /** Mail address, or URI of a workflow; compared as a whole */
  readonly identity: string;
  /** URL of who has vouched for it */
  readonly issuer: string;
}

const ROOT_TYPE = /^application\/vnd\.dev\.sigstore\.trustedroot(\+json;version=0\.[12]|\.v0\.[12]\+json)$/;

/**
 * Who has made a signature by Sigstore: the certificate and its entry in the log of certificates, the entry of this signature in the log of
 * signatures, the time that log or a time authority vouches for, which must be within the certificate's minutes, and the signature. Asks nobody.
 */
export function judgeBySigstore(
  signature: OmsSignature,
  bundleJson: JsonObject,
  { identities, verifier }: { readonly verifier: Verifier; readonly identities: readonly SigstoreIdentity[] },
): SignerFinding {
  try {
    const bundle = bundleFromJSON(bundleJson);
    const { content, verificationMaterial } = bundle;
    // What is verified below must be what was parsed before.
    if (content.$case !== 'dsseEnvelope' || !content.dsseEnvelope.payload.equals(signature.payload))
      return wrong('its payload can be read in two ways');
    const { identity } = verifier.verify(toSignedEntity(bundle));
    const leaf = leafOf(verificationMaterial);
    if (leaf === undefined) return wrong('it has no certificate');
    const problem = judgeSigningUse(parseCertificate(leaf));
    if (problem !== null) return wrong(`its certificate: ${problem}`);
    const name = identity?.subjectAlternativeName;
    const issuer = identity?.extensions?.issuer;
    // The library compares names as patterns; here they are compared as they are.
    if (!identities.some((known) => known.identity === name && known.issuer === issuer))
      return wrong(`Sigstore names none of the ${identities.length} identities that count as its signer`);
    return { kind: 'right', signer: `${name} by ${issuer}` };
  } catch (error) {
    return wrong(`Sigstore: ${describe(error)}`);
  }
}

/** Verifies by what a trusted root file says, and by nothing else. @throws SIGNER_ROOT_INVALID */
export async function loadVerifier(file: string): Promise<Verifier> {
  try {
    const root = TrustedRoot.fromJSON(JSON.parse(await readFile(file, 'utf8')));
    if (!ROOT_TYPE.test(root.mediaType)) throw new Error(`it is of type "${root.mediaType}", wanted a trusted root`);
    const { certificateAuthorities, ctlogs, tlogs } = root;
    if (certificateAuthorities.length === 0 || ctlogs.length === 0 || tlogs.length === 0)
      throw new Error('wanted a certificate authority, a log of certificates and a log of signatures');
    // One of each is demanded, as it is by default.
    return new Verifier(toTrustMaterial(root), { ctlogThreshold: 1, tlogThreshold: 1, timestampThreshold: 1 });
  } catch (error) {
    throw new MlopsError('SIGNER_ROOT_INVALID', { file, problem: messageOf(error) }, { cause: error });
  }
}

/** DER; older bundles have a chain, whose first is the signer's. */
function leafOf({ content }: Bundle['verificationMaterial']): Uint8Array | undefined {
  if (content.$case === 'certificate') return content.certificate.rawBytes;
  return content.$case === 'publicKey' ? undefined : content.x509CertificateChain.certificates[0]?.rawBytes;
}

function describe(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? `${messageOf(error)}: ${cause.message}` : messageOf(error);
}
