import { canonicalJson } from '../../domain/governance/canonical-json.ts';
import { sha256Of } from './sha256.ts';

/** SHA-256 (hex) over the canonical text of a value as JSON says it: members that are undefined are not there. */
export function digestOf(value: unknown): string {
  const plain: unknown = JSON.parse(JSON.stringify(value ?? null));
  return sha256Of(canonicalJson(plain));
}
