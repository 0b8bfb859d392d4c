import type { RolloutReceipt } from '../../domain/rollout/receipt.ts';

/** A metric, or check, that decides no more since a person accepted what was found. */
export interface Waiver {
  readonly metric: string;
  /** Null in receipts of rollouts that began before it was kept. */
  readonly actor: string | null;
}

/** What people took out of a decision, and who, in the order of it. */
export function waiversOf({ events, ticks }: Pick<RolloutReceipt, 'events' | 'ticks'>): readonly Waiver[] {
  const known = events.flatMap(({ actor, details }): Waiver[] => {
    const { waived } = details;
    return Array.isArray(waived) ? waived.map((metric) => ({ metric: String(metric), actor })) : [];
  });
  const unknown = (ticks.at(-1)?.verdict.waived ?? []).filter((name) => !known.some(({ metric }) => metric === name));
  return [...known, ...unknown.map((metric) => ({ metric, actor: null }))];
}

/** For example `errors by ada, health by grace`. */
export function waiverWords(waivers: readonly Waiver[]): string {
  return waivers.map(({ metric, actor }) => `${metric} by ${actor ?? 'a person'}`).join(', ');
}
