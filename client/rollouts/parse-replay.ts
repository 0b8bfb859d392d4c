import { z } from 'zod';
import { MlopsError } from '../../domain/errors.ts';
import type { JudgePolicy, JudgeTick } from '../../domain/rollout/judge.ts';
import { ownValue } from '../../domain/own-value.ts';
import { marginLogOf } from '../../domain/rollout/judge/policy.ts';
import type { NoiseAssumption } from '../../domain/rollout/judge/noise.ts';
import type { ReplayStream } from '../../domain/rollout/replay.ts';

const share = z.number().gt(0).lt(1);
const metric = z.enum(['errors', 'slow', 'scores']);

const POLICY = z.strictObject({
  max_error_rate: share.optional(),
  error_budget: share.optional(),
  non_inferiority_ratio: z
    .number()
    .refine((ratio) => marginLogOf(ratio) !== null, {
      error: 'wanted exp of a multiple of 0.2: 1.22, 1.49, 1.82, 2.23, ...',
    })
    .optional(),
  score_margin: share.optional(),
  absolute_tolerance: z.strictObject({ errors: share.optional(), slow: share.optional() }).optional(),
  required_metrics: z
    .array(metric)
    .min(1, 'wanted at least one metric: nothing is promoted without evidence')
    .optional(),
  slow_action: z.enum(['hold', 'rollback']).optional(),
  dry_run_metrics: z.array(metric).optional(),
  tick_seconds: z.number().gt(0).optional(),
  noise: z.string().optional(),
});

/** Ticks are taken as they are: bad telemetry is judged, never refused. */
const STREAM = z.strictObject({ id: z.string(), policy: POLICY.optional(), ticks: z.array(z.unknown()) });

/**
 * Parses lines of a replay file (contract 4.2) one after the other; ids must differ.
 *
 * @param base policy of the configuration, which a stream's own policy overrides
 */
export function createReplayParser(
  base: JudgePolicy,
  noises: Readonly<Record<string, NoiseAssumption>>,
): (line: string, number: number) => ReplayStream {
  const seen = new Set<string>();
  return (line, number) => {
    const result = STREAM.safeParse(parseJson(line, number));
    if (!result.success) throw invalid(number, describe(result.error.issues[0]));
    const { id, policy = {}, ticks } = result.data;
    if (seen.has(id)) throw invalid(number, `id ${JSON.stringify(id)} was there before`);
    seen.add(id);
    return { id, policy: overridePolicy(base, policy, noises, number), ticks: ticks.map(asTick) };
  };
}

function overridePolicy(
  base: JudgePolicy,
  policy: z.infer<typeof POLICY>,
  noises: Readonly<Record<string, NoiseAssumption>>,
  line: number,
): JudgePolicy {
  const noise = policy.noise === undefined ? base.noise : ownValue(noises, policy.noise);
  if (noise === undefined)
    throw invalid(
      line,
      `policy.noise: ${JSON.stringify(policy.noise)}, wanted one of ${Object.keys(noises).join(', ')}`,
    );
  const tolerance = policy.absolute_tolerance;
  return {
    maxErrorRate: Math.min(policy.max_error_rate ?? base.maxErrorRate, base.maxErrorRate),
    errorBudget: policy.error_budget ?? base.errorBudget,
    nonInferiorityRatio: policy.non_inferiority_ratio ?? base.nonInferiorityRatio,
    scoreMargin: policy.score_margin ?? base.scoreMargin,
    absoluteTolerance: {
      errors: tolerance?.errors ?? base.absoluteTolerance.errors,
      slow: tolerance?.slow ?? base.absoluteTolerance.slow,
    },
    requiredMetrics: policy.required_metrics ?? base.requiredMetrics,
    slowAction: policy.slow_action ?? base.slowAction,
    dryRunMetrics: policy.dry_run_metrics ?? base.dryRunMetrics,
    tickSeconds: policy.tick_seconds ?? base.tickSeconds,
    noise,
  };
}

function asTick(tick: unknown): JudgeTick {
  return typeof tick === 'object' && tick !== null && !Array.isArray(tick) ? tick : {};
}

function parseJson(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new MlopsError('REPLAY_INPUT_INVALID', { line: number, problem: 'it is not JSON' }, { cause: error });
  }
}

function describe(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return 'not valid';
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys')
    return `unknown key ${[path, issue.keys[0]].filter((part) => part !== '').join('.')}`;
  return `${path === '' ? 'line' : path}: ${issue.message}`;
}

function invalid(line: number, problem: string): MlopsError {
  return new MlopsError('REPLAY_INPUT_INVALID', { line, problem });
}
