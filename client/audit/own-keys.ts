import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The file with the keys of the ledger of this project, when it is there. */
export function ownKeyFiles(auditDirectory: string): readonly string[] {
  const own = join(auditDirectory, 'trusted-keys');
  return existsSync(own) ? [own] : [];
}
