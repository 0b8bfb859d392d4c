import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { MlopsError } from '../../domain/errors.ts';
import type { PayloadKeys } from './keys.ts';

const ENCODING = 'binary/encrypted';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Temporal's limit for the arguments of one call (limit.blobSize.error). */
const LIMIT_BYTES = 2 * 1024 * 1024;

/** What stands in place of a payload that nobody with a key has made: JSON `null`. */
const NOTHING: Payload = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('null') };

/**
 * Encrypts payloads with AES-256-GCM (architecture D12). What comes in without encryption passes through, or, where only `sealed` ones
 * count, is read as `null`: what is sealed was made by somebody who has a key, and an error in its place would keep a workflow
 * from going on.
 *
 * @throws PAYLOAD_TOO_LARGE, PAYLOAD_UNREADABLE
 */
export function createPayloadCodec({ active, keys }: PayloadKeys, counts: 'all' | 'sealed' = 'all'): PayloadCodec {
  const plain = (payload: Payload): Payload => (counts === 'all' ? payload : NOTHING);
  return {
    encode: async (payloads) => {
      const encrypted = payloads.map((payload) => encrypt(payload, active, keyOf(keys, active)));
      assertSendable(encrypted);
      return await Promise.resolve(encrypted);
    },
    decode: async (payloads) =>
      await Promise.resolve(payloads.map((payload) => (isSealed(payload) ? decrypt(payload, keys) : plain(payload)))),
  };
}

/** The server would refuse it too, but only after it was sent, and of a worker again and again. */
function assertSendable(payloads: readonly Payload[]): void {
  const bytes = payloads.reduce((sum, { data }) => sum + (data?.length ?? 0), 0);
  if (bytes > LIMIT_BYTES) throw new MlopsError('PAYLOAD_TOO_LARGE', { bytes, limit: LIMIT_BYTES });
}

function encrypt(payload: Payload, id: string, key: Buffer): Payload {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  // The key id is authenticated too: it cannot be exchanged for another.
  cipher.setAAD(Buffer.from(id));
  const plain = proto.temporal.api.common.v1.Payload.encode(payload).finish();
  const data = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return { metadata: { encoding: Buffer.from(ENCODING), 'encryption-key-id': Buffer.from(id) }, data };
}

function isSealed({ data, metadata }: Payload): boolean {
  return text(metadata?.['encoding']) === ENCODING && Boolean(data);
}

function decrypt(payload: Payload, keys: PayloadKeys['keys']): Payload {
  const id = text(payload.metadata?.['encryption-key-id']);
  const data = Buffer.from(payload.data ?? []);
  try {
    const decipher = createDecipheriv('aes-256-gcm', keyOf(keys, id), data.subarray(0, NONCE_BYTES));
    decipher.setAAD(Buffer.from(id));
    decipher.setAuthTag(data.subarray(-TAG_BYTES));
    const plain = Buffer.concat([decipher.update(data.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    return proto.temporal.api.common.v1.Payload.decode(plain);
  } catch (error) {
    throw new MlopsError('PAYLOAD_UNREADABLE', { key: id }, { cause: error });
  }
}

function keyOf(keys: PayloadKeys['keys'], id: string): Buffer {
  const key = keys.get(id);
  if (key === undefined) throw new MlopsError('PAYLOAD_UNREADABLE', { key: id });
  return key;
}

function text(value: Uint8Array | null | undefined): string {
  return value === null || value === undefined ? '' : Buffer.from(value).toString();
}
