import { createHash } from 'node:crypto';
import type { OmsPrimitives } from '../../domain/registry/oms-primitives.ts';

/** The verification's primitives by Node's own. */
export const omsPrimitives: OmsPrimitives = {
  decodeBase64(text) {
    const bytes = Buffer.from(text, 'base64');
    return bytes.toString('base64') === text ? bytes : null;
  },
  decodeText(bytes) {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch {
      return null;
    }
  },
  fromHex: (text) => Buffer.from(text, 'hex'),
  sha256(parts) {
    const hash = createHash('sha256');
    for (const part of parts) hash.update(part);
    return hash.digest('hex');
  },
};
