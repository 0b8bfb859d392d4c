import { describe, expect, it } from 'vitest';
import { openJudge, type JudgePolicy } from '../../../../domain/rollout/judge.ts';
import { waiveMetrics } from '../../../../domain/rollout/waive.ts';
import { POLICY, repeat, tick } from '../../../support/judge.ts';

/** Both arms fail at 8 %: over the ceiling of 5 %, and no worse than the control. */
const OVER_CEILING = tick(300, 24, 0, 300, 24, 0);
const ALL_FAIL = tick(300, 300, 0, 300, 24, 0);

function afterCeiling() {
  const judge = openJudge(POLICY);
  for (const look of repeat(OVER_CEILING, 40)) judge.take(look);
  expect(judge.decision()).toMatchObject({ decision: 'rollback', metric: 'ceiling' });
  return judge.save();
}

const goOn = (policy: JudgePolicy) => openJudge(policy, afterCeiling());

describe('a ceiling that a person accepted', () => {
  const accepted = waiveMetrics(POLICY, ['ceiling']);

  it('decides no more, and is shown as accepted', () => {
    const judge = goOn(accepted);
    for (const look of repeat(OVER_CEILING, 20)) judge.take(look);
    expect(judge.decision().decision).not.toBe('rollback');
    const ceiling = judge.verdict().metrics.find(({ name }) => name === 'ceiling');
    expect(ceiling).toMatchObject({ dryRun: true, verdict: 'pass' });
    expect(ceiling?.reason).toContain('accepted by a person');
  });

  it('hides no other finding: errors against the control still act', () => {
    const judge = goOn(accepted);
    for (const look of repeat(ALL_FAIL, 5)) judge.take(look);
    expect(judge.decision()).toMatchObject({ decision: 'rollback', metric: 'errors' });
  });

  it('lets no single look decide what comes after', () => {
    const judge = goOn(accepted);
    judge.take(ALL_FAIL);
    expect(judge.decision().decision).not.toBe('rollback');
  });

  it('does not keep the rollout from being promoted', () => {
    const judge = goOn(accepted);
    for (const look of repeat(OVER_CEILING, 300)) judge.take(look);
    expect(judge.decision().decision).toBe('promote');
  });
});

it('who accepts errors has not accepted more than the ceiling', () => {
  const judge = openJudge(waiveMetrics(POLICY, ['errors']));
  for (const look of repeat(ALL_FAIL, 10)) judge.take(look);
  expect(judge.decision()).toMatchObject({ decision: 'rollback', metric: 'ceiling' });
});
