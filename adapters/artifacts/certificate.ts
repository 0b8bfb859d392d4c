import { X509Certificate } from 'node:crypto';
import { X509Certificate as ParsedCertificate } from '@sigstore/core';

/** What is needed of an X.509 certificate to say who signed. */
export interface Certificate {
  /** For names of issuers and for signatures */
  readonly x509: X509Certificate;
  /** Null: it may not issue certificates; else how many may stand between it and a signer's */
  readonly depth: number | null;
  /** What its key may do; null: not said */
  readonly keyUsage: { readonly signs: boolean; readonly issues: boolean } | null;
  /** What certificates below it are for, as object identifiers; null: not said */
  readonly purposes: readonly string[] | null;
  /** Mail addresses, URIs and host names it was given to; its common name where it has none of these */
  readonly names: readonly string[];
}

const OID = { names: '2.5.29.17', purposes: '2.5.29.37', constraints: '2.5.29.30' };
/** Extensions whose meaning is looked at here, or that only help to find an issuer. */
const UNDERSTOOD = new Set(['2.5.29.14', '2.5.29.15', OID.names, '2.5.29.19', '2.5.29.35', OID.purposes]);
/** Of alternative names: mail address, host name, URI */
const NAME_TAGS = [1, 2, 6];
const LEAST_RSA_BITS = 2048;

/** Reads a certificate (DER), and refuses what it does not understand of it. @throws an error that says what is wrong */
export function parseCertificate(der: Uint8Array): Certificate {
  const bytes = Buffer.from(der);
  const x509 = new X509Certificate(bytes);
  if (!x509.raw.equals(bytes)) throw new Error('it has bytes behind its end');
  const parsed = ParsedCertificate.parse(bytes);
  assertUnderstood(parsed);
  assertStrong(x509, parsed);
  const { extBasicConstraints: basic, extKeyUsage: usage } = parsed;
  const length = basic?.pathLenConstraint;
  return {
    x509,
    depth: basic?.isCA === true ? Number(length ?? Number.MAX_SAFE_INTEGER) : null,
    keyUsage: usage === undefined ? null : { signs: usage.digitalSignature, issues: usage.keyCertSign },
    purposes: parsed.extension(OID.purposes)?.valueObj.subs[0]?.subs.map((one) => one.toOID()) ?? null,
    names: namesOf(x509, parsed),
  };
}

/** What a certificate demands and is not known here would else be passed over. */
function assertUnderstood(parsed: ParsedCertificate): void {
  const oids = parsed.extensions.map(({ subs }) => subs[0]?.toOID() ?? '');
  if (new Set(oids).size < oids.length) throw new Error('it has an extension twice');
  const strange = oids.find((oid) => {
    return oid === OID.constraints || (!UNDERSTOOD.has(oid) && parsed.extension(oid)?.critical === true);
  });
  if (strange !== undefined) throw new Error(`its extension ${strange} is not supported`);
}

function assertStrong({ publicKey }: X509Certificate, { signatureAlgorithm }: ParsedCertificate): void {
  // Others than SHA-2 with RSA or ECDSA are not known to the parser.
  if (!['sha256', 'sha384', 'sha512'].includes(signatureAlgorithm))
    throw new Error('it is not signed by RSA or ECDSA with SHA-256, SHA-384 or SHA-512');
  const bits = publicKey.asymmetricKeyDetails?.modulusLength ?? LEAST_RSA_BITS;
  if (bits < LEAST_RSA_BITS) throw new Error(`its key has ${bits} bits, wanted ${LEAST_RSA_BITS} or more`);
}

function namesOf({ subject }: X509Certificate, parsed: ParsedCertificate): readonly string[] {
  const extension = parsed.extension(OID.names);
  const alternatives = (extension?.valueObj.subs[0]?.subs ?? [])
    .filter(({ tag }) => NAME_TAGS.some((kind) => tag.isContextSpecific(kind)))
    .map(({ value }) => value.toString('latin1'));
  if (alternatives.some((name) => !/^[\x21-\x7e]+$/.test(name))) throw new Error('it has a name that is no text');
  if (extension !== undefined) return alternatives;
  const common = subject.split('\n').filter((line) => line.startsWith('CN='));
  return common.map((line) => line.slice('CN='.length));
}
