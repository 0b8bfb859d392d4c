import { canonicalJson } from '../governance/canonical-json.ts';
import { contentOfPolicy, type RegistryPolicy } from './policy.ts';
import type { Registration } from './registration.ts';

/** What an approval is given for, by digests: when one of them is another, the approval is void. */
export interface BoundContent {
  /** Digest of the artifact; null for a version without one. */
  readonly artifact: string | null;
  /** Of the metrics: what was measured of the version. */
  readonly tests: string;
  /** Of the rules in force. */
  readonly policy: string;
}

/**
 * What an approval of a version binds, computed alike by who asks for one and by who applies it. `sha256` gives the hex digest
 * of a text's UTF-8.
 */
export function boundContentOf(
  { artifact, metrics }: Pick<Registration, 'artifact' | 'metrics'>,
  policy: RegistryPolicy,
  sha256: (text: string) => string,
): BoundContent {
  return {
    artifact,
    tests: sha256(canonicalJson(metrics)),
    policy: sha256(canonicalJson(contentOfPolicy(policy))),
  };
}

export function sameBound(a: BoundContent, b: BoundContent): boolean {
  return a.artifact === b.artifact && a.tests === b.tests && a.policy === b.policy;
}
