import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

/** The key of a subject, wrapped by a key-encryption key. */
export interface WrappedKey {
  readonly wrappingKey: string;
  readonly wrapped: Buffer;
}

/** Port: wraps data keys. What is wrapped for one subject of one log cannot be unwrapped as another's. */
export interface DataKeys {
  wrap(order: { readonly origin: string; readonly subject: string; readonly key: Buffer }): Promise<WrappedKey>;
  /** @throws LEDGER_KEY_UNREADABLE */
  unwrap(order: { readonly origin: string; readonly subject: string } & WrappedKey): Promise<Buffer>;
  /** The same key under the wrapping key that is in use now. @throws LEDGER_KEY_UNREADABLE */
  rewrap(order: { readonly origin: string; readonly subject: string } & WrappedKey): Promise<WrappedKey>;
}

/** The place of a payload, authenticated with it: it cannot be moved to another event. */
export interface PayloadPlace {
  readonly origin: string;
  readonly sequence: number;
  readonly keyId: string;
}

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export function newDataKey(): Buffer {
  return randomBytes(KEY_BYTES);
}

/** AES-256-GCM: nonce ‖ ciphertext ‖ tag. */
export function encrypt(key: Buffer, context: string, plain: Buffer): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(context));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** @throws Error when key or context are others, or a bit has changed */
export function decrypt(key: Buffer, context: string, sealed: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES));
  decipher.setAAD(Buffer.from(context));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
}

/** Seals a payload's canonical text. The salt of its commitment comes from the same key: destroying it takes both. */
export function sealPayload(key: Buffer, place: PayloadPlace, text: string): { bytes: Buffer; salt: Buffer } {
  const own = derive(key, place);
  return { bytes: encrypt(own.key, contextOf(place), Buffer.from(text)), salt: own.salt };
}

/** The canonical text and its salt. @throws Error when it was sealed under another key or for another event */
export function openPayload(key: Buffer, place: PayloadPlace, sealed: Buffer): { text: string; salt: Buffer } {
  const own = derive(key, place);
  return { text: decrypt(own.key, contextOf(place), sealed).toString('utf8'), salt: own.salt };
}

/**
 * A keyed hash of where somebody acted from, 16 hex digits: the same for the same source as long as the key is there, and without
 * the key not to be told from chance. Addresses are few enough to try: that is why it is keyed.
 */
export function sourceTag(key: Buffer, source: string): string {
  const own = Buffer.from(hkdfSync('sha256', key, '', 'act-source', KEY_BYTES));
  return createHmac('sha256', own).update(source).digest('hex').slice(0, 16);
}

/** A key and a salt for one event only: no nonce is ever used twice, however many events a subject has. */
function derive(key: Buffer, { origin, sequence }: PayloadPlace): { key: Buffer; salt: Buffer } {
  const bytes = Buffer.from(hkdfSync('sha256', key, '', `${origin}|ledger_payload|${sequence}`, 2 * KEY_BYTES));
  return { salt: bytes.subarray(0, KEY_BYTES), key: bytes.subarray(KEY_BYTES) };
}

function contextOf({ origin, sequence, keyId }: PayloadPlace): string {
  return `${origin}|ledger_payload|${sequence}|${keyId}`;
}
