import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { RolloutLookup } from '../../activities/ports.ts';

/** Asks Temporal whether a model's rollout is open. */
export function createRolloutLookup(client: Client): RolloutLookup {
  return {
    async isOpen(environment, model) {
      try {
        const { status } = await client.workflow.getHandle(`rollout/${environment}/${model}`).describe();
        return status.name === 'RUNNING';
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      }
    },
  };
}
