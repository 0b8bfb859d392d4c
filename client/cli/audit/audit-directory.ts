import { resolve } from 'node:path';
import type { CommandContext } from '../command.ts';

/**
 * The folder that the ledger of this project is kept in. No configuration is needed to verify, so none is loaded: a broken one must
 * not stand in the way.
 */
export function auditDirectoryOf({ env, workingDirectory }: CommandContext): string {
  return resolve(workingDirectory, env['AUDIT_STORAGE_PATH'] ?? '.mlops/audit');
}
