import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { CommandContext } from '../command.ts';

/**
 * The file with the keys of the ledger of this project, when it is there. No configuration is needed to verify, so none is
 * loaded: a broken one must not stand in the way.
 */
export function ownKeyFiles(context: CommandContext): readonly string[] {
  const own = join(context.env['AUDIT_STORAGE_PATH'] ?? '.mlops/audit', 'trusted-keys');
  return existsSync(resolve(context.workingDirectory, own)) ? [own] : [];
}
