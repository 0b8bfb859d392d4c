import { createHash } from 'node:crypto';
import { canonicalJson } from '../../domain/governance/canonical-json.ts';

/** SHA-256 (hex) over the canonical text of a value as JSON says it: members that are undefined are not there. */
export function digestOf(value: unknown): string {
  const plain: unknown = JSON.parse(JSON.stringify(value ?? null));
  return createHash('sha256').update(canonicalJson(plain)).digest('hex');
}
