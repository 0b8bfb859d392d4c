import { createHash } from 'node:crypto';

/** SHA-256 of a text's UTF-8, as lowercase hex. */
export function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
