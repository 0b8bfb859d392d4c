import { createHash, createHmac, createPublicKey, hash, verify, type KeyObject } from 'node:crypto';
import type { Primitives } from '../../domain/governance/primitives.ts';

const PUBLIC_KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

/** The ledger's cryptography by Node's own. */
export function createPrimitives(): Primitives {
  // Two hashes and their prefix; used by one call at a time, so one buffer serves them all.
  const node = Buffer.alloc(65, 0x01);
  return {
    leafHash: (canonical) => hash('sha256', `\0${canonical}`, 'hex'),
    nodeHash(left, right) {
      node.write(left, 1, 'hex');
      node.write(right, 33, 'hex');
      return hash('sha256', node, 'hex');
    },
    commitment: (salt, payload) => createHmac('sha256', salt).update(payload, 'utf8').digest('hex'),
    keyId: (name, publicKey) =>
      createHash('sha256').update(name).update(Uint8Array.of(0x0a, 0x01)).update(publicKey).digest('hex').slice(0, 8),
    verify: (publicKey, text, signature) =>
      publicKey.length === PUBLIC_KEY_BYTES &&
      signature.length === SIGNATURE_BYTES &&
      verify(null, Buffer.from(text), ed25519KeyOf(publicKey), signature),
    decodeBase64(text) {
      const bytes = Buffer.from(text, 'base64');
      return bytes.toString('base64') === text ? bytes : null;
    },
    encodeBase64: (bytes) => Buffer.from(bytes).toString('base64'),
    toHex: (bytes) => Buffer.from(bytes).toString('hex'),
    fromHex: (text) => Buffer.from(text, 'hex'),
    byteLength: (text) => Buffer.byteLength(text),
  };
}

function ed25519KeyOf(publicKey: Uint8Array): KeyObject {
  const x = Buffer.from(publicKey).toString('base64url');
  return createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } });
}
