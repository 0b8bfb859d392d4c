import { listOf, objectOf, parseJsonObject, type JsonObject } from '../json-object.ts';
import { broken, foreign, type OmsPrimitives, type OmsProblem } from './oms-primitives.ts';
import { parseOmsStatement, type OmsStatement } from './oms-statement.ts';

/** A signature as a bundle has it, not verified. */
export interface OmsSignature {
  /** The statement's bytes */
  readonly payload: Uint8Array;
  /** What the signature is over (DSSE's pre-authentication encoding) */
  readonly signed: Uint8Array;
  /** ECDSA, DER */
  readonly signature: Uint8Array;
  /** By what it says it was made */
  readonly material: OmsMaterial;
  readonly statement: OmsStatement;
}

/** What a bundle gives to verify its signature with. */
export type OmsMaterial =
  /** SHA-256 in hex of the PEM text of the public key; null when the bundle does not say */
  | { readonly kind: 'key'; readonly hint: string | null }
  /** DER; the signer's comes first. */
  | { readonly kind: 'certificate'; readonly chain: readonly Uint8Array[] }
  /** A certificate for minutes and its entry in a log, within the bundle. */
  | { readonly kind: 'sigstore'; readonly bundle: JsonObject };

/** Where the signature of a folder is, within it. */
export const OMS_SIGNATURE_PATH = 'model.sig';

const PAYLOAD_TYPE = 'application/vnd.in-toto+json';
const MEDIA_TYPE = /^application\/vnd\.dev\.sigstore\.bundle(\.v0\.3\+json|\+json;version=0\.[123])$/;
const MATERIALS = ['publicKey', 'certificate', 'x509CertificateChain'];

/**
 * Reads an OMS v1.0 signature: Sigstore bundle, DSSE envelope, in-toto statement. Signatures by a key, a certificate or Sigstore are read; others
 * are said to be not supported. That the statement fits itself is checked here, that the signature is right is not.
 *
 * @source OpenSSF Model Signing v1.0; DSSE v1.0 protocol, PAE; checked against model_signing 1.1.1 in test/unit/domain/registry/oms.test.ts
 */
export function parseOmsSignature(primitives: OmsPrimitives, text: string): OmsSignature | OmsProblem {
  const bundle = parseJsonObject(text);
  if (bundle === null) return foreign('it is not JSON');
  const mediaType = bundle['mediaType'];
  if (typeof mediaType !== 'string' || !MEDIA_TYPE.test(mediaType)) return foreign('it is not a Sigstore bundle');
  const envelope = objectOf(bundle['dsseEnvelope']);
  const [signature, ...others] = listOf(envelope['signatures']).map((one) => objectOf(one)['sig']);
  if (envelope['payloadType'] !== PAYLOAD_TYPE) return foreign(`its payload is not of type ${PAYLOAD_TYPE}`);
  const material = parseMaterial(primitives, bundle);
  if ('problem' in material) return material;
  if (others.length > 0) return broken('it has more than one signature');
  const payload = decode(primitives, envelope['payload']);
  const bytes = decode(primitives, signature);
  if (payload === null || bytes === null) return broken('payload and signature must be base64');
  const statement = parseOmsStatement(primitives, primitives.decodeText(payload));
  if ('problem' in statement) return statement;
  const signed = preAuthenticationEncoding(PAYLOAD_TYPE, payload);
  return { payload, signed, signature: bytes, material, statement };
}

/** `DSSEv1 <length of type> <type> <length of payload> <payload>` */
export function preAuthenticationEncoding(type: string, payload: Uint8Array): Uint8Array {
  // The type is ASCII, so characters are bytes.
  const head = `DSSEv1 ${type.length} ${type} ${payload.length} `;
  const all = new Uint8Array(head.length + payload.length);
  all.set(Array.from(head, (character) => character.charCodeAt(0)));
  all.set(payload, head.length);
  return all;
}

function parseMaterial(primitives: OmsPrimitives, bundle: JsonObject): OmsMaterial | OmsProblem {
  const material = objectOf(bundle['verificationMaterial']);
  const [kind, ...others] = MATERIALS.filter((name) => material[name] !== undefined && material[name] !== null);
  if (kind === undefined || others.length > 0)
    return broken('it must say by one key, one certificate or one chain of certificates that it is made');
  if (kind === 'publicKey') {
    const hint = objectOf(material['publicKey'])['hint'];
    return { kind: 'key', hint: typeof hint === 'string' && hint !== '' ? hint : null };
  }
  // Who signs with a certificate of his own writes nothing into a log.
  const isLogged = listOf(material['tlogEntries']).length > 0;
  if (kind === 'certificate' || isLogged) return { kind: 'sigstore', bundle };
  const certificates = listOf(objectOf(material['x509CertificateChain'])['certificates']);
  const chain = certificates.map((one) => decode(primitives, objectOf(one)['rawBytes']));
  const sound = chain.filter((one) => one !== null);
  if (sound.length === 0 || sound.length < chain.length)
    return broken('its chain of certificates must be one of base64');
  return { kind: 'certificate', chain: sound };
}

function decode(primitives: OmsPrimitives, text: unknown): Uint8Array | null {
  return typeof text === 'string' ? primitives.decodeBase64(text) : null;
}
