import { isDigest } from './artifact.ts';
import type { ManifestFile } from './folder-manifest.ts';

/** Cryptography and encodings that the verification needs. */
export interface OmsPrimitives {
  /** Null when the text is not the base64 of some bytes. */
  decodeBase64(text: string): Uint8Array | null;
  /** Null when the bytes are not UTF-8. */
  decodeText(bytes: Uint8Array): string | null;
  fromHex(text: string): Uint8Array;
  /** In hex, of all parts one after the other */
  sha256(parts: readonly Uint8Array[]): string;
}

/** A signature as a bundle has it, not verified. */
export interface OmsSignature {
  /** What the signature is over (DSSE's pre-authentication encoding) */
  readonly signed: Uint8Array;
  /** ECDSA, DER */
  readonly signature: Uint8Array;
  /** SHA-256 in hex of the PEM text of the public key; null when the bundle does not say */
  readonly keyHint: string | null;
  readonly statement: OmsStatement;
}

/** What was signed about a folder. */
export interface OmsStatement {
  readonly resources: readonly { readonly name: string; readonly sha256: string }[];
  /** Files and folders that the signature says nothing of */
  readonly ignoredPaths: readonly string[];
}

type Problem = { readonly problem: string };
type Json = { readonly [name: string]: unknown };

/** Where the signature of a folder is, within it. */
export const OMS_SIGNATURE_PATH = 'model.sig';

const PAYLOAD_TYPE = 'application/vnd.in-toto+json';
const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
const PREDICATE_TYPE = 'https://model_signing/signature/v1.0';
const MEDIA_TYPE = /^application\/vnd\.dev\.sigstore\.bundle(\.v0\.3\+json|\+json;version=0\.[123])$/;

/**
 * Reads an OMS v1.0 signature: Sigstore bundle, DSSE envelope, in-toto statement. Signatures by a key over whole files hashed with SHA-256 are
 * read; others are said to be not supported. That the statement fits itself is checked here, that the signature is right is not.
 *
 * @source OpenSSF Model Signing v1.0; DSSE v1.0 protocol, PAE; checked against model_signing 1.1.1 in test/unit/domain/registry/oms.test.ts
 */
export function parseOmsSignature(primitives: OmsPrimitives, text: string): OmsSignature | Problem {
  const bundle = parseJson(text);
  if (bundle === null) return { problem: 'it is not JSON' };
  const mediaType = bundle['mediaType'];
  if (typeof mediaType !== 'string' || !MEDIA_TYPE.test(mediaType)) return { problem: 'it is not a Sigstore bundle' };
  const material = objectOf(bundle['verificationMaterial']);
  const key = objectOf(material['publicKey']);
  if (material['publicKey'] === undefined)
    return { problem: 'signatures by a certificate are not supported, wanted one by a key' };
  const envelope = objectOf(bundle['dsseEnvelope']);
  const [signature, ...others] = listOf(envelope['signatures']).map((one) => objectOf(one)['sig']);
  if (envelope['payloadType'] !== PAYLOAD_TYPE) return { problem: `its payload is not of type ${PAYLOAD_TYPE}` };
  if (others.length > 0) return { problem: 'it has more than one signature' };
  const payload = decode(primitives, envelope['payload']);
  const bytes = decode(primitives, signature);
  if (payload === null || bytes === null) return { problem: 'payload and signature must be base64' };
  const statement = parseStatement(primitives, primitives.decodeText(payload));
  if ('problem' in statement) return statement;
  const hint = key['hint'];
  return {
    signed: preAuthenticationEncoding(PAYLOAD_TYPE, payload),
    signature: bytes,
    keyHint: typeof hint === 'string' && hint !== '' ? hint : null,
    statement,
  };
}

/** What differs between a statement and the files of a folder; null when each file is the signed one, and none is missing or more. */
export function judgeOmsFiles(
  { ignoredPaths, resources }: OmsStatement,
  files: readonly ManifestFile[],
): string | null {
  const isIgnored = (path: string): boolean =>
    path === OMS_SIGNATURE_PATH || ignoredPaths.some((ignored) => path === ignored || path.startsWith(`${ignored}/`));
  const signed = new Map(resources.map(({ name, sha256 }) => [name, sha256]));
  for (const { path, sha256 } of files) {
    if (isIgnored(path)) continue;
    const wanted = signed.get(path);
    if (wanted === undefined) return `file ${path} is not signed`;
    if (wanted !== sha256) return `file ${path} is not the one that was signed`;
    signed.delete(path);
  }
  const [missing] = signed.keys();
  return missing === undefined ? null : `file ${missing} was signed and is missing`;
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

function parseStatement(primitives: OmsPrimitives, text: string | null): OmsStatement | Problem {
  const statement = text === null ? null : parseJson(text);
  if (statement === null) return { problem: 'its payload is not JSON' };
  if (statement['_type'] !== STATEMENT_TYPE) return { problem: 'its payload is not an in-toto statement' };
  if (statement['predicateType'] !== PREDICATE_TYPE)
    return { problem: `its predicate is ${JSON.stringify(statement['predicateType'])}, wanted ${PREDICATE_TYPE}` };
  const predicate = objectOf(statement['predicate']);
  const { method, hash_type: hashType, ignore_paths: ignored } = objectOf(predicate['serialization']);
  if (method !== 'files' || hashType !== 'sha256')
    return { problem: `it is over ${String(method)} by ${String(hashType)}, supported is files by sha256` };
  const resources = listOf(predicate['resources']).map((one) => resourceOf(objectOf(one)));
  const sound = resources.filter((resource) => resource !== null);
  if (sound.length === 0 || sound.length < resources.length) return { problem: 'its list of files is not valid' };
  if (new Set(sound.map(({ name }) => name)).size < sound.length) return { problem: 'it names a file twice' };
  const subjects = listOf(statement['subject']);
  const root = objectOf(objectOf(subjects[0])['digest'])['sha256'];
  if (subjects.length !== 1 || root !== primitives.sha256(sound.map(({ sha256 }) => primitives.fromHex(sha256))))
    return { problem: 'its digest is not that of its list of files' };
  return {
    resources: sound,
    ignoredPaths: listOf(ignored).filter((path) => typeof path === 'string' && path !== '') as string[],
  };
}

function resourceOf({ algorithm, digest, name }: Json): OmsStatement['resources'][number] | null {
  const isSound = algorithm === 'sha256' && typeof name === 'string' && typeof digest === 'string' && isDigest(digest);
  return isSound ? { name, sha256: digest } : null;
}

function parseJson(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function decode(primitives: OmsPrimitives, text: unknown): Uint8Array | null {
  return typeof text === 'string' ? primitives.decodeBase64(text) : null;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objectOf(value: unknown): Json {
  return isObject(value) ? value : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}
