import type { RolloutStatus } from '../../../workflows/messages.ts';

/** A status as programs read it (contract 4.1). */
export function statusData(status: RolloutStatus): RolloutStatus & { readonly receipt: string } {
  return { ...status, receipt: receiptCommand(status.model) };
}

/** How the receipt of a model's newest rollout is got. */
export function receiptCommand(model: string): string {
  return `mlops rollout receipt --model ${model}`;
}
