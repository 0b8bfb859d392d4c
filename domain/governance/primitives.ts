/**
 * The cryptography and the encodings the ledger is made of, passed in because `domain` imports nothing. Hashes are
 * lowercase hex of 32 bytes, so that they are compared and printed as they are.
 */
export interface Primitives {
  /** SHA-256(0x00 ‖ UTF-8 of the text): the leaf hash of RFC 6962. */
  leafHash(canonical: string): string;
  /** SHA-256(0x01 ‖ left ‖ right): an inner node. */
  readonly nodeHash: (left: string, right: string) => string;
  /** HMAC-SHA-256 of a payload's canonical text under its salt (32 bytes). */
  commitment(salt: Uint8Array, canonicalPayload: string): string;
  /** First four bytes (hex) of SHA-256(name ‖ LF ‖ 0x01 ‖ public key): a key id of C2SP signed notes. */
  keyId(name: string, publicKey: Uint8Array): string;
  /** Ed25519 (RFC 8032) over the UTF-8 of the text; false for a key or signature of a wrong length. */
  verify(publicKey: Uint8Array, text: string, signature: Uint8Array): boolean;
  /** The bytes of a base64 text, or null when encoding them again does not give the same text. */
  decodeBase64(text: string): Uint8Array | null;
  encodeBase64(bytes: Uint8Array): string;
  toHex(bytes: Uint8Array): string;
  fromHex(text: string): Uint8Array;
  /** Bytes of the text in UTF-8. */
  byteLength(text: string): number;
}

/** SHA-256 of nothing: the root of a tree without leaves. */
export const EMPTY_ROOT = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** What stands in place of the leaf hash before event 0. */
export const NO_LEAF = '0'.repeat(64);

/** Whether a text is a hash: 32 bytes as lowercase hex. */
export function isHash(text: unknown): text is string {
  return typeof text === 'string' && text.length === 64 && /^[0-9a-f]+$/.test(text);
}
