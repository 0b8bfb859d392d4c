import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { z } from 'zod';
import type { RuleProblem } from './rules.ts';
import type { ARTIFACTS_SECTION } from './storage-schema.ts';

/** Files that say who may sign artifacts and are not there. A signer who is not known must not be found out at the first signature. */
export function findMissingSignerFiles(
  { require_signature: wanted, signers }: z.infer<typeof ARTIFACTS_SECTION>,
  root: string,
): RuleProblem[] {
  const { certificates, keys, sigstore } = signers;
  const named = {
    'artifacts.require_signature': Array.isArray(wanted) ? wanted : [],
    'artifacts.signers.keys': keys ?? [],
    'artifacts.signers.certificates.roots': certificates.roots,
    'artifacts.signers.sigstore.trusted_root': sigstore.trusted_root === null ? [] : [sigstore.trusted_root],
  };
  return Object.entries(named).flatMap(([path, files]) =>
    files
      .filter((name) => !existsSync(resolve(root, name)))
      .map((name) => ({ path, value: JSON.stringify(name), wanted: 'a file that is there' })),
  );
}
