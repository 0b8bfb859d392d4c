import { describe, expect, it } from 'vitest';
import { engineNameOf } from '../../../domain/rollout/records.ts';
import type { RolloutReceipt } from '../../../domain/rollout/receipt.ts';
import { verifyReceipt } from '../../../domain/rollout/verify-receipt.ts';
import { at, createJudgedReceipt, event } from '../../support/receipts.ts';

type Writable<T> = T extends readonly (infer Item)[]
  ? Writable<Item>[]
  : T extends object
    ? { -readonly [Key in keyof T]: Writable<T[Key]> }
    : T;
/** A receipt that may be written to. */
type Draft = Writable<RolloutReceipt>;
type Look = Draft['ticks'][number];
type Forgery = (receipt: Draft) => unknown;

const PROMOTED = createJudgedReceipt(0.01, 0.72);
const ROLLED_BACK = createJudgedReceipt(0.035, 0.7);

function verify(receipt: RolloutReceipt, forge: Forgery = () => undefined) {
  const draft = structuredClone(receipt) as unknown as Draft;
  forge(draft);
  return verifyReceipt(draft as unknown as RolloutReceipt, process.versions);
}

/** The look with that number, counted from the end when negative. */
const look = (receipt: Draft, number: number): Look => {
  const found = receipt.ticks.at(number);
  if (found === undefined) throw new Error(`no look ${number}`);
  return found;
};
const inEach =
  (forge: (verdict: Look['verdict']) => unknown): Forgery =>
  ({ ticks }) => {
    for (const { verdict } of ticks) forge(verdict);
  };
const inEachMetric = (forge: (metric: Look['verdict']['metrics'][number]) => unknown): Forgery =>
  inEach(({ metrics }) => {
    for (const metric of metrics) forge(metric);
  });
const write = (receipt: Draft, number: number): Draft['writes'][number] => {
  const found = receipt.writes.at(number);
  if (found === undefined) throw new Error(`no write ${number}`);
  return found;
};
const firstPromotable = ({ ticks }: Draft): number => ticks.findIndex(({ verdict }) => verdict.decision === 'promote');
const end = (receipt: Draft, parts: Partial<NonNullable<Draft['outcome']>>): void => {
  if (receipt.outcome !== null) Object.assign(receipt.outcome, parts);
};

/** Stable went down in the first step, and everybody went to the canary. */
const desert: Forgery = (receipt) => {
  receipt.ticks.length = receipt.ticks.findIndex(({ step }) => step === 1);
  const rescue = write(receipt, 1);
  rescue.idempotencyKey = '0197-key/stable-down';
  rescue.split.canaryBasisPoints = 10_000;
  receipt.writes.length = 2;
  end(receipt, { outcome: 'failed', reason: 'stable-down', detail: 'stable 1.0.0 is down' });
  receipt.events = receipt.events.filter(
    ({ event: name, details }) => name !== 'promoted' && !(Number(details['generation']) > 1),
  );
};

describe('a receipt as it was written', () => {
  it('tells of users who went to the arm that works, and of nobody else at 100 %', () => {
    const told = (receipt: Draft): void => {
      desert(receipt);
      receipt.events.push(event(99, 'failed', 'stable-down: stable 1.0.0 is down', 'rollout'));
    };
    expect(verify(PROMOTED, told).problems).toEqual([]);
    const { problems } = verify(PROMOTED, (receipt) => {
      told(receipt);
      write(receipt, 1).split.canaryBasisPoints = 5000;
    });
    expect(problems).toEqual(['write of generation 2: 50 % and 0 % mirrored, by the plan 100 % and 0 %']);
    expect(
      verify(PROMOTED, (receipt) => (write(receipt, 1).idempotencyKey = '0197-key/stable-down')).problems,
    ).toContain('write of generation 2: stable is not said to have been down');
  });

  it('may end in pre-flight, with no write of its own and nothing moved', () => {
    const stopped = (receipt: Draft): void => {
      Object.assign(receipt, { ticks: [], writes: [], events: [] });
      end(receipt, { outcome: 'aborted', reason: 'aborted', detail: 'not today' });
      receipt.events.push(
        event(0, 'abort', 'weight goes to 0', 'ada'),
        event(1, 'aborted', 'aborted: not today', 'ada'),
      );
    };
    expect(verify(PROMOTED, stopped).problems).toEqual([]);
    const { problems } = verify(PROMOTED, (receipt) => {
      stopped(receipt);
      receipt.events.unshift(event(0, 'started', 'rag_api 1.0.0 → 1.1.0'));
    });
    expect(problems).toEqual(['the outcome is aborted, the last traffic write is missing']);
  });

  it.each([
    ['promoted', PROMOTED],
    ['rolled back', ROLLED_BACK],
  ])('is decided again bit for bit: %s', (_name, receipt) => {
    expect(verify(receipt)).toMatchObject({ valid: true, exact: true, otherEngines: [], problems: [] });
  });

  it('may be from before the limits of slow answers and scores were kept', () => {
    const unkept = inEachMetric((m) => (m.limit = m.name === 'slow' || m.name === 'scores' ? null : m.limit));
    expect(verify(PROMOTED, unkept)).toMatchObject({ valid: true, exact: true });
  });

  it('begins with the evidence that an earlier attempt left', () => {
    const { problems } = verify(PROMOTED, ({ rollout }) => (rollout.policy['carriedWealth'] = 1.5));
    expect(problems[0]).toMatch(/^look 0: wealth 1 recorded, 1.5 recomputed/);
  });
});

describe('a forged receipt is found out', () => {
  it.each<[string, RolloutReceipt, Forgery]>([
    ['safety tripled', PROMOTED, inEachMetric((m) => (m.safe = m.safe === null ? null : 3 * m.safe))],
    ['metrics emptied', PROMOTED, inEach((v) => (v.metrics = []))],
    ['limits of metrics', PROMOTED, inEachMetric((m) => (m.limit = 1))],
    ['rates of metrics', PROMOTED, inEachMetric((m) => (m.canary = 0))],
    ['reasons', PROMOTED, inEach((v) => (v.reasons = ['all good']))],
    ['the verdict word', PROMOTED, inEach((v) => (v.verdict = 'fail'))],
    ['telemetry', PROMOTED, inEach((v) => (v.telemetry = 'missing'))],
    ['canary requests', PROMOTED, inEach((v) => (v.canaryRequests = 1e6))],
    ['problems that were none', PROMOTED, (r) => (look(r, 5).verdict.problems = ['no reading'])],
    ['a field more', PROMOTED, (r) => Object.assign(look(r, 5).verdict, { note: 'fine' })],
    ['the counts', PROMOTED, (r) => (look(r, 5).input.canary = { requests: 100, errors: 0, slow: 0 })],
    ['a metric that nobody accepted', PROMOTED, inEach((v) => (v.waived = ['slow']))],
    ['the live weight', PROMOTED, inEach((v) => (v.observedBasisPoints = 100))],
    ['a look taken out', PROMOTED, (r) => r.ticks.splice(20, 1)],
    ['looks out of time', PROMOTED, (r) => (look(r, 5).at = look(r, 3).at)],
    ['a look before the start', PROMOTED, (r) => (look(r, 0).at = at(-5))],
    ['a look after the end', PROMOTED, (r) => (look(r, -1).at = at(500))],
    ['no writes', PROMOTED, (r) => (r.writes = [])],
    [
      'no writes, and looks cut after the first promotable one',
      PROMOTED,
      (r) => {
        r.writes = [];
        r.ticks = r.ticks.slice(0, firstPromotable(r) + 1);
      },
    ],
    ['a weight not of the plan', PROMOTED, (r) => (write(r, 1).split.canaryBasisPoints = 9999)],
    ['a step left out', PROMOTED, (r) => r.writes.splice(2, 1)],
    [
      'a step left out, of the story too',
      PROMOTED,
      (r) => {
        r.writes.splice(2, 1);
        r.events = r.events.filter(({ details }) => details['generation'] !== 3);
      },
    ],
    ['writes in another order', PROMOTED, (r) => r.writes.reverse()],
    ['a write that stands twice', PROMOTED, (r) => r.writes.push({ ...write(r, -1), generation: 99 })],
    ['a write of somebody else', PROMOTED, (r) => (write(r, 1).idempotencyKey = 'other/step/1')],
    ['another version', PROMOTED, (r) => Object.assign(write(r, 1).split.canary ?? {}, { version: '6.6.6' })],
    ['rolled back, said to be promoted', ROLLED_BACK, (r) => end(r, { outcome: 'promoted' })],
    ['rolled back, said to be aborted', ROLLED_BACK, (r) => end(r, { outcome: 'aborted' })],
    [
      'rolled back, said to be aborted by a person, in every place',
      ROLLED_BACK,
      (r) => {
        end(r, { outcome: 'aborted', reason: 'aborted', detail: 'enough' });
        r.events = [...r.events.slice(0, -1), event(70, 'abort', '', 'eve'), event(70, 'aborted', 'aborted: enough')];
        write(r, -1).reason = 'aborted: aborted';
      },
    ],
    ['the evidence of a rollback cut off', ROLLED_BACK, (r) => (r.ticks = r.ticks.slice(0, 2))],
    ['another detail', ROLLED_BACK, (r) => end(r, { detail: 'the moon' })],
    ['another reason', ROLLED_BACK, (r) => end(r, { reason: 'ceiling' })],
    ['another closing event', PROMOTED, (r) => (r.events = [...r.events.slice(0, -1), event(61, 'aborted', 'x')])],
    ['two ends', PROMOTED, (r) => (r.events = [...r.events, ...r.events.slice(-1)])],
    ['a promotion before its evidence', PROMOTED, (r) => (r.ticks = r.ticks.slice(0, firstPromotable(r)))],
    [
      'a gate that nobody approved',
      PROMOTED,
      (r) => Object.assign((r.rollout.plan as { steps: object[] }).steps.at(-1) ?? {}, { gate: true }),
    ],
    [
      'a denial by nobody',
      PROMOTED,
      (r) => {
        end(r, { outcome: 'rolled-back', reason: 'denied', detail: 'no' });
        r.events = [...r.events.slice(0, -1), event(61, 'rolled-back', 'denied: no')];
        const split = { ...write(r, 0).split, canary: null, canaryBasisPoints: 0 };
        Object.assign(write(r, -1), { idempotencyKey: '0197-key/retreat', split, reason: 'rolled-back: denied' });
      },
    ],
  ])('%s', (_name, receipt, forge) => {
    const { valid, problems } = verify(receipt, forge);
    expect(problems).not.toEqual([]);
    expect(valid).toBe(false);
  });
});

describe('another engine version', () => {
  const foreign: Forgery = ({ ticks }) => {
    for (const one of ticks) one.engine = engineNameOf({ node: '1', v8: '2' });
  };
  const onForeign =
    (forge: Forgery): Forgery =>
    (r) => {
      foreign(r);
      forge(r);
    };
  const nudge = (factor: number): Forgery => inEachMetric((m) => (m.evidence *= factor));

  it('is named, whether numbers differ or not', () => {
    expect(verify(PROMOTED, foreign)).toMatchObject({ valid: true, exact: true, otherEngines: ['node 1 v8 2'] });
    expect(verify(PROMOTED, onForeign(nudge(1 + 1e-9)))).toMatchObject({ valid: true, exact: false });
  });

  it('excuses the last digits of numbers, and nothing else', () => {
    expect(verify(PROMOTED, onForeign(nudge(1.01))).valid).toBe(false);
    const words = inEach((v) => (v.reasons = ['all good']));
    expect(verify(PROMOTED, onForeign(words)).valid).toBe(false);
  });

  it('excuses nothing in what this engine judged', () => {
    expect(verify(PROMOTED, nudge(1 + 1e-9))).toMatchObject({ valid: false, otherEngines: [] });
  });
});
