import { decide, decisionOf } from './judge/decide.ts';
import { describeEvidence, describeVerdict, type JudgeEvidence, type JudgeVerdict } from './judge/describe.ts';
import { loadCountKernel } from './judge/count-kernel.ts';
import { createMemory, restoreMemory, saveMemory, type JudgeState } from './judge/memory.ts';
import { marginLogOf, type JudgePolicy } from './judge/policy.ts';
import { takeTick } from './judge/take-tick.ts';
import type { JudgeTick } from './judge/telemetry-check.ts';

export type { JudgeEvidence, JudgeVerdict } from './judge/describe.ts';
export type { JudgeState } from './judge/memory.ts';
export type { JudgePolicy, MetricName } from './judge/policy.ts';
export type { ArmTick, JudgeTick } from './judge/telemetry-check.ts';

/** A judge at work on one release: takes ticks in, one after the other. */
export interface Judge {
  take(tick: JudgeTick): void;
  decision(): ReturnType<typeof decisionOf>;
  verdict(): JudgeVerdict;
  evidence(): JudgeEvidence;
  save(): JudgeState;
}

/**
 * The state before the first tick: plain JSON that survives being written and read back exactly.
 *
 * @param options.carriedWealth total evidence at the end of an earlier attempt of the same release, above 0: several
 *   attempts share one error budget
 */
export function createJudgeState(options: { readonly carriedWealth?: number } = {}): JudgeState {
  return saveMemory(createMemory(options.carriedWealth ?? 1));
}

/**
 * Judges one tick.
 *
 * @returns the state after it, and the verdict; `state` itself is not changed. The same inputs give the same output, bit
 *   for bit on the same engine version.
 * @throws RangeError when `policy.nonInferiorityRatio` is not on the lattice (validate it first)
 * @example judgeTick(policy, createJudgeState(), { canary: { requests: 60, errors: 1, slow: 3 }, control: { requests: 540, errors: 4, slow: 20 } })
 */
export function judgeTick(
  policy: JudgePolicy,
  state: JudgeState,
  tick: JudgeTick,
): { readonly state: JudgeState; readonly verdict: JudgeVerdict } {
  const judge = openJudge(policy, state);
  judge.take(tick);
  return { state: judge.save(), verdict: judge.verdict() };
}

/** A judge that goes on from a state; much faster than `judgeTick` over many ticks, with the same results. */
export function openJudge(policy: JudgePolicy, state: JudgeState = createJudgeState()): Judge {
  const margin = marginLogOf(policy.nonInferiorityRatio);
  if (margin === null)
    throw new RangeError(`Non-inferiority ratio is not exp of a multiple of 0.2: ${policy.nonInferiorityRatio}`);
  const kernel = loadCountKernel(policy.noise, margin, policy.tickSeconds);
  const memory = restoreMemory(state);
  return {
    take: (tick) => decide(policy, memory, takeTick(policy, kernel, memory, tick)),
    decision: () => decisionOf(memory),
    verdict: () => describeVerdict(policy, memory),
    evidence: () => describeEvidence(policy, memory),
    save: () => saveMemory(memory),
  };
}
