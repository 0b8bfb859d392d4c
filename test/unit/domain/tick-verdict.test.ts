import { describe, expect, it } from 'vitest';
import { openJudge, type JudgeTick } from '../../../domain/rollout/judge.ts';
import type { TickVerdict } from '../../../domain/rollout/records.ts';
import { assembleTickVerdict } from '../../../domain/rollout/tick-verdict.ts';
import { POLICY, repeat, tick } from '../../support/judge.ts';

const QUIET = tick(600, 0, 0, 600, 0, 0);
const BAD = tick(600, 60, 12, 600, 3, 12);

type Parts = Partial<Parameters<typeof assembleTickVerdict>[0]>;

/** The verdict of the last of these ticks. */
function look(ticks: readonly JudgeTick[], parts: Parts = {}): TickVerdict {
  const judge = openJudge(POLICY);
  for (const one of ticks) judge.take(one);
  return assembleTickVerdict({
    result: judge.verdict(),
    previous: null,
    carriedWealth: 1,
    tick: ticks.at(-1) ?? {},
    overlapRule: { minimum: 0.8, errorBudget: 0.05 },
    problems: [],
    observedBasisPoints: null,
    overruledBy: null,
    waived: [],
    ...parts,
  });
}

const PROMOTABLE = look(repeat(QUIET, 60));

describe('a look with problems', () => {
  const problems = ['no reading'];

  it('is inconclusive and missing, whatever the judge said before, and counts no requests', () => {
    expect(PROMOTABLE).toMatchObject({ decision: 'promote', verdict: 'pass', canaryRequests: 600 });
    const verdict = look(repeat(QUIET, 60), { problems });
    expect(verdict).toMatchObject({ verdict: 'inconclusive', telemetry: 'missing', canaryRequests: 0, problems });
  });

  it('takes no decision back that stands', () => {
    expect(look(repeat(BAD, 10), { problems })).toMatchObject({ decision: 'rollback', verdict: 'fail' });
  });
});

describe('a look that was not judged', () => {
  it('repeats what was known, and is a warm-up', () => {
    const verdict = look([QUIET], { result: null, previous: PROMOTABLE });
    expect(verdict).toMatchObject({ decision: 'promote', wealth: PROMOTABLE.wealth, telemetry: 'warm-up' });
    expect(verdict.canaryRequests).toBe(0);
  });
});

describe('the overlap of mirrored answers', () => {
  const shadow: JudgeTick = { ...QUIET, overlap: [[10, 200]] };
  const breached = look([shadow]);

  it('is a breach at the look that saw it', () => {
    expect(breached).toMatchObject({ decision: 'rollback', metric: 'overlap', verdict: 'fail' });
  });

  it('is shown, and no breach, at a look of another step', () => {
    const after = look([QUIET], { previous: breached });
    expect(after.overlap).toEqual(breached.overlap);
    expect(after.decision).toBe('undecided');
  });
});
