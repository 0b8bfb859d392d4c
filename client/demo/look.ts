import type { Stage } from './stage.ts';

/** What acts look at in `mlops rollout status -o json`. */
export interface SeenStatus {
  readonly phase: string;
  readonly outcome: string | null;
  readonly runId: string;
  readonly intendedWeightPercent: number;
  readonly timeline: readonly { readonly event: string; readonly actor: string; readonly detail: string }[];
}

/** What acts look at in `mlops status -o json`. */
interface SeenParts {
  readonly parts: readonly { readonly name: string; readonly pid: number | null }[];
}

/** How the rollout of the demo's model stands. */
export async function readStatus(stage: Stage): Promise<SeenStatus> {
  return await stage.read<SeenStatus>(['rollout', 'status', '--model', stage.model]);
}

/** Looks until it holds; null when the time is over. */
export async function lookUntil<T>(
  look: () => Promise<T>,
  holds: (seen: T) => boolean,
  timeoutMs: number,
): Promise<T | null> {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    const seen = await look();
    if (holds(seen)) return seen;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return null;
}

/** Process number of a part of the stack; null when it does not run. */
export async function pidOf(stage: Stage, part: string): Promise<number | null> {
  const { parts } = await stage.read<SeenParts>(['status']);
  return parts.find(({ name }) => name === part)?.pid ?? null;
}
