import { openJudge, type JudgeEvidence, type JudgePolicy, type JudgeTick } from './judge.ts';

/** A recorded stream of ticks and the policy it is judged under. */
export interface ReplayStream {
  readonly id: string;
  readonly policy: JudgePolicy;
  readonly ticks: readonly JudgeTick[];
}

/** The state after a stream's last tick (contract 4.2). */
export interface ReplayDecision {
  readonly id: string;
  readonly decision: string;
  readonly tick: number | null;
  readonly metric: string | null;
  /** Total evidence of harm. */
  readonly evidence: number;
  readonly reasons: readonly string[];
}

/** The state after one tick. */
export interface ReplayTick {
  readonly id: string;
  readonly tick: number;
  readonly decision: string;
  readonly evidence: JudgeEvidence;
}

/** Judges a stream; one result, or one per tick with `everyTick`. Ticks are counted from 1. Deterministic. */
export function replayStream(stream: ReplayStream, everyTick: boolean): (ReplayDecision | ReplayTick)[] {
  const judge = openJudge(stream.policy);
  const states: ReplayTick[] = [];
  for (const [index, tick] of stream.ticks.entries()) {
    judge.take(tick);
    if (everyTick)
      states.push({ id: stream.id, tick: index + 1, decision: judge.decision().decision, evidence: judge.evidence() });
  }
  if (everyTick) return states;
  const { decision, tick, metric, wealth, reasons } = judge.verdict();
  return [{ id: stream.id, decision, tick, metric, evidence: wealth, reasons }];
}
