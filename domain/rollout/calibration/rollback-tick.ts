import { openJudge, type JudgePolicy, type JudgeTick } from '../judge.ts';

/** The tick (from 1) at which the judge rolls back, Infinity when it never does. */
export function rollbackTick(policy: JudgePolicy, ticks: Iterable<JudgeTick>): number {
  const judge = openJudge(policy);
  let number = 0;
  for (const tick of ticks) {
    number += 1;
    judge.take(tick);
    if (judge.decision().decision === 'rollback') return number;
  }
  return Number.POSITIVE_INFINITY;
}
