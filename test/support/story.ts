import { readWrites } from './rollouts.ts';
import type { TestProject } from './stack.ts';

/** What must be the same whether or not anything died on the way. */
export interface Story {
  readonly runId: string;
  readonly outcome: string | null;
  /** Weights as the gateway saw them, basis points, of all rollouts of the model. */
  readonly weights: readonly number[];
  readonly generationsGrow: boolean;
  /** Kinds of events in order. */
  readonly events: readonly string[];
}

/** Reads how the newest rollout of a model went. */
export async function readStory(project: TestProject, offset: number, model: string): Promise<Story> {
  const status = await project.json<{ runId: string; outcome: string | null; timeline: { event: string }[] }>([
    'rollout',
    'status',
    '--model',
    model,
  ]);
  const writes = await readWrites(project, offset, model);
  const generations = writes.map(({ generation }) => generation);
  return {
    runId: status.runId,
    outcome: status.outcome,
    weights: writes.map(({ split }) => split.canaryBasisPoints),
    generationsGrow: generations.every((generation, i) => i === 0 || generation > (generations[i - 1] ?? 0)),
    events: status.timeline.map(({ event }) => event),
  };
}
