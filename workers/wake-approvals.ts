import type { Client } from '@temporalio/client';
import type { Pool } from 'pg';
import { createApprovalReader } from '../adapters/postgres/registry/approval-reader.ts';
import { createApprovalDesk } from '../adapters/temporal/approval-desk.ts';
import { messageOf } from '../domain/errors.ts';
import { TASK_QUEUE } from '../workflows/messages.ts';

/**
 * Has the approvals that are open about a model look at once whether what they are about is still there. What they find they write
 * themselves: this only wakes them, and where the engine is away they look at their next reminder, or when somebody decides.
 */
export function createApprovalWaker(
  { environment }: { readonly environment: string },
  pool: Pool,
  connect: () => Promise<Client>,
): (model: string) => Promise<void> {
  const reader = createApprovalReader(pool);
  return async (model) => {
    try {
      const open = await reader.openAbout(environment, model);
      if (open.length === 0) return;
      const desk = createApprovalDesk(await connect(), reader, TASK_QUEUE);
      for (const approvalId of open) await desk.takeUp(approvalId);
    } catch (error) {
      // The version has left, whoever is told of it when.
      process.emitWarning(
        `Approvals that are open about ${model} end at their next reminder or decision: ${messageOf(error)}`,
      );
    }
  };
}
