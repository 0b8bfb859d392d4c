import { assemblePlan } from '../../domain/rollout/plan.ts';
import { createJudgeState, judgeTick, type JudgeTick } from '../../domain/rollout/judge.ts';
import type { ReceiptEvent, ReceiptTick, ReceiptWrite, RolloutReceipt } from '../../domain/rollout/receipt.ts';
import { engineNameOf, type TickVerdict } from '../../domain/rollout/records.ts';
import { assembleTickVerdict, overlapRuleOf } from '../../domain/rollout/tick-verdict.ts';
import { POLICY } from './judge.ts';
import { PLAN_SETTINGS } from './plan-settings.ts';

const START = Date.parse('2026-01-01T08:00:00.000Z');
const TICK_SECONDS = 60;
const STEPS = [5, 15, 25, 35, 45, 50] as const;
const LOOKS_PER_STEP = 10;

export const at = (minutes: number): string => new Date(START + minutes * 60_000).toISOString();

export const event = (minutes: number, name: string, detail: string, actor = 'rollout', more = {}): ReceiptEvent => ({
  at: at(minutes),
  event: name,
  actor,
  details: { detail, ...more },
});

/** A receipt without anything in it but what is given. */
export function createReceipt(parts: Partial<RolloutReceipt> = {}): RolloutReceipt {
  return {
    schemaVersion: 1,
    kind: 'rollout-receipt',
    rollout: {
      rolloutKey: '0197-key',
      rolloutId: 'rollout/dev/rag_api',
      model: 'rag_api',
      environment: 'dev',
      fromVersion: '1.0.0',
      toVersion: '1.1.0',
      plan: assemblePlan(
        {
          ...PLAN_SETTINGS,
          observationWindowMinutes: LOOKS_PER_STEP,
          tickSeconds: TICK_SECONDS,
          warmUpSeconds: TICK_SECONDS,
        },
        'default',
      ),
      policy: { ...POLICY },
      startedBy: 'ada',
      startedAt: at(0),
      engine: { program: 'durable-mlops 0.1.0', node: '24.0.0', v8: '13.6' },
    },
    outcome: null,
    events: [],
    writes: [],
    ticks: [],
    ...parts,
  };
}

/** A whole rollout of a canary with that error rate and mean score, judged by the real judge: rolled back or promoted. */
export function createJudgedReceipt(errorRate: number, score: number): RolloutReceipt {
  const ticks = judged(errorRate, score);
  const rolledBack = ticks.at(-1)?.verdict.decision === 'rollback';
  const end = ticks.length + 0.1;
  const reached = STEPS.slice(0, Math.ceil(ticks.length / LOOKS_PER_STEP));
  const weights: readonly number[] = rolledBack ? reached : [...reached, 100];
  const reason = ticks.at(-1)?.verdict.reasons[0] ?? '';
  const metric = ticks.at(-1)?.verdict.metric ?? 'promoted';
  const outcome = rolledBack
    ? ({ outcome: 'rolled-back', reason: metric, detail: reason, at: at(end) } as const)
    : ({
        outcome: 'promoted',
        reason: 'promoted',
        detail: '1.1.0 is the stable version of rag_api',
        at: at(end),
      } as const);
  return createReceipt({
    outcome,
    ticks,
    writes: [
      ...weights.map((percent, index) =>
        write(index + 1, `step/${index}`, index * LOOKS_PER_STEP, percent, `weight ${percent} %`),
      ),
      rolledBack
        ? write(weights.length + 1, 'retreat', end, 0, `rolled-back: ${metric}`)
        : write(weights.length + 1, 'finish', end, 0, 'promoted 1.1.0'),
    ],
    events: [
      event(0, 'started', 'rag_api 1.0.0 → 1.1.0, profile default; both endpoints are healthy', 'ada'),
      ...weights.map((percent, index) =>
        event(index * LOOKS_PER_STEP, 'weight-set', `weight ${percent} %`, 'rollout', {
          weightPercent: percent,
          generation: index + 1,
        }),
      ),
      event(3, 'pause', 'frozen at 5 % (lunch <soon>)', 'grace'),
      event(4, 'resume', 'goes on', 'grace'),
      event(end, outcome.outcome, `${outcome.reason}: ${outcome.detail}`, rolledBack ? 'judge' : 'rollout'),
    ],
  });
}

function write(generation: number, key: string, minutes: number, percent: number, reason: string): ReceiptWrite {
  const [stable, canary] = [
    { version: '1.0.0', endpoint: 'http://127.0.0.1:9101' },
    { version: '1.1.0', endpoint: 'http://127.0.0.1:9102' },
  ];
  const moved = key === 'finish';
  return {
    generation,
    idempotencyKey: `0197-key/${key}`,
    split: {
      model: 'rag_api',
      stable: moved ? canary : stable,
      canary: percent === 0 ? null : canary,
      canaryBasisPoints: percent * 100,
      mirrorBasisPoints: 0,
    },
    actor: 'ada',
    reason,
    requestedAt: at(minutes),
    appliedAt: at(minutes),
    refusedCode: null,
  };
}

/** Looks until the judge rolls back, or the ramp is over. */
function judged(errorRate: number, score: number): ReceiptTick[] {
  const ticks: ReceiptTick[] = [];
  let state = createJudgeState();
  let previous: TickVerdict | null = null;
  for (let look = 0; look < STEPS.length * LOOKS_PER_STEP; look += 1) {
    const percent = STEPS[Math.floor(look / LOOKS_PER_STEP)] ?? 50;
    const isJudged = look % LOOKS_PER_STEP > 0;
    const input = tickOf(percent, errorRate, score, look);
    const result = isJudged ? judgeTick(POLICY, state, input) : null;
    const verdict = assembleTickVerdict({
      result: result?.verdict ?? null,
      previous,
      carriedWealth: 1,
      tick: input,
      overlapRule: overlapRuleOf(POLICY),
      problems: [],
      observedBasisPoints: percent * 100,
      overruledBy: null,
      waived: [],
    });
    previous = verdict;
    state = result?.state ?? state;
    const engine = engineNameOf(process.versions);
    ticks.push({
      tick: look,
      at: at(look + 1),
      step: STEPS.indexOf(percent),
      judged: isJudged,
      input,
      verdict: previous,
      engine,
    });
    if (verdict.decision === 'rollback') break;
  }
  return ticks;
}

/** 2,000 requests a tick at a base error rate of 1 %, with some unevenness that is the same on every run. */
function tickOf(percent: number, errorRate: number, score: number, look: number): JudgeTick {
  const requests = 2000;
  const uneven = 1 + 0.3 * Math.sin(look * 2.4);
  const canary = Math.round((requests * percent) / 100);
  const control = requests - canary;
  const scoresOf = (mean: number, count: number) =>
    Array.from({ length: count }, (_, index) => Math.min(1, Math.max(0, mean + 0.2 * Math.sin(index * 1.7 + look))));
  return {
    canary: { requests: canary, errors: Math.round(canary * errorRate * uneven), slow: Math.round(canary * 0.05) },
    control: {
      requests: control,
      errors: Math.round(control * 0.01 * uneven),
      slow: Math.round(control * 0.05 * uneven),
    },
    scores: { canary: scoresOf(score, 5), control: scoresOf(0.7, 30) },
  };
}
