import type { WorkflowInterceptors } from '@temporalio/workflow';

/** Every timer of a workflow fires after a millisecond. The rollout's own clock goes by what it asked to wait. */
export const interceptors = (): WorkflowInterceptors => ({
  outbound: [{ startTimer: async (input, next) => await next({ ...input, durationMs: 1 }) }],
});
