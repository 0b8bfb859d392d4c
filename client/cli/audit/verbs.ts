import { createAuditVerbs, type AuditVerbs } from '../../audit/audit-verbs.ts';
import type { CommandContext } from '../command.ts';
import { auditDirectoryOf } from './audit-directory.ts';

/** The verbs of the ledger for a command. */
export function auditVerbsOf(context: CommandContext): AuditVerbs {
  const { composition, workingDirectory } = context;
  return createAuditVerbs({
    ledger: async () => await composition.ledger(),
    identity: async () => await composition.identity(),
    exportFiles: async () => await composition.exportFiles(),
    workingDirectory,
    auditDirectory: auditDirectoryOf(context),
  });
}
