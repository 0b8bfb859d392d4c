import type { PlanStep, RolloutPlan } from '../plan.ts';
import type { ReceiptTick, ReceiptWrite, RolloutReceipt } from '../receipt.ts';

/** A standing write, and which of the rollout's it is. */
interface NamedWrite {
  readonly write: ReceiptWrite;
  readonly kind: string;
  /** Step or look; -1 where there is none. */
  readonly number: number;
}

const NAME = /^(first|retreat|finish|stable-down|(step|reapply)\/(\d+))$/;
const WHOLE = 10_000;

/** The plan in a receipt; without steps when it is none. */
export function planOf({ rollout }: RolloutReceipt): Pick<RolloutPlan, 'steps'> & Partial<RolloutPlan> {
  const plan = (rollout.plan ?? {}) as Partial<RolloutPlan>;
  return { ...plan, steps: Array.isArray(plan.steps) ? plan.steps : [] };
}

/** Writes that took effect, in order of their generations. */
export function appliedOf({ writes }: RolloutReceipt): ReceiptWrite[] {
  return writes.filter(({ appliedAt, refusedCode }) => appliedAt !== null && refusedCode === null);
}

/** Traffic writes against the plan, against each other, against what the story says and what the looks saw. */
export function checkWrites(receipt: RolloutReceipt): string[] {
  const standing = receipt.writes.filter(({ refusedCode }) => refusedCode === null);
  const named = standing.map((write) => nameOf(receipt, write));
  return [
    ...checkOrder(standing),
    ...checkSplits(receipt, named),
    ...checkStory(receipt, standing),
    ...checkSteps(receipt, named),
    ...checkSeen(receipt, named),
  ];
}

function nameOf({ rollout }: RolloutReceipt, write: ReceiptWrite): NamedWrite {
  const prefix = `${rollout.rolloutKey}/`;
  const key = write.idempotencyKey.startsWith(prefix) ? write.idempotencyKey.slice(prefix.length) : '';
  const [, name = 'unknown', kind, number = '-1'] = NAME.exec(key) ?? [];
  return { write, kind: kind ?? name, number: Number(number) };
}

/** Generations grow, and every write stands once. */
function checkOrder(standing: readonly ReceiptWrite[]): string[] {
  const found: string[] = [];
  for (const [index, { generation }] of standing.entries()) {
    const before = standing[index - 1]?.generation ?? 0;
    if (generation <= before) found.push(`generation ${generation} follows ${before}`);
  }
  const keys = new Set(standing.map(({ idempotencyKey }) => idempotencyKey));
  if (keys.size !== standing.length) found.push('a traffic write stands twice');
  return found;
}

/** Each write divides traffic as the plan says, between the two versions of the rollout. */
function checkSplits(receipt: RolloutReceipt, named: readonly NamedWrite[]): string[] {
  const { fromVersion, toVersion, model } = receipt.rollout;
  const { steps } = planOf(receipt);
  const found: string[] = [];
  let inForce: PlanStep | undefined;
  let stepBefore = -1;
  for (const { write, kind, number } of named) {
    const { generation, split } = write;
    const say = (problem: string): void => void found.push(`write of generation ${generation}: ${problem}`);
    if (kind === 'unknown') say(`${write.idempotencyKey} is no write of this rollout`);
    if (kind === 'step') {
      if (number <= stepBefore) say(`step ${number} follows step ${stepBefore}`);
      [stepBefore, inForce] = [number, steps[number]];
      if (inForce === undefined) say(`the plan has no step ${number}`);
    }
    const isStep = kind === 'step' || kind === 'reapply';
    // Not by the plan: stable was down, and everybody went to the arm that works.
    const isRescue = kind === 'stable-down';
    if (isRescue && receipt.outcome !== null && receipt.outcome.reason !== 'stable-down')
      say('stable is not said to have been down');
    const weight = isRescue ? WHOLE : isStep ? (inForce?.weightBasisPoints ?? 0) : 0;
    const mirror = isStep ? (inForce?.mirrorBasisPoints ?? 0) : 0;
    if (split.canaryBasisPoints !== weight || split.mirrorBasisPoints !== mirror)
      say(
        `${split.canaryBasisPoints / 100} % and ${split.mirrorBasisPoints / 100} % mirrored, by the plan ${weight / 100} % and ${mirror / 100} %`,
      );
    const stable = kind === 'finish' ? toVersion : fromVersion;
    const canary = isStep || isRescue ? toVersion : undefined;
    if (split.model !== model || split.stable.version !== stable || split.canary?.version !== canary)
      say(`it divides ${split.model} ${split.stable.version} and ${split.canary?.version ?? 'nothing'}`);
  }
  return found;
}

/** What the story says was written is there, with the same weight. */
function checkStory({ events }: RolloutReceipt, standing: readonly ReceiptWrite[]): string[] {
  return events.flatMap(({ event, details }) => {
    const { generation, weightPercent } = details;
    if (event !== 'weight-set' || typeof generation !== 'number') return [];
    const write = standing.find((one) => one.generation === generation);
    if (write === undefined)
      return [`the write of generation ${generation} is missing: the story tells of ${String(weightPercent)} %`];
    const percent = write.split.canaryBasisPoints / 100;
    return percent === weightPercent
      ? []
      : [`write of generation ${generation}: ${percent} %, the story tells of ${String(weightPercent)} %`];
  });
}

/** Every step up to the last one was entered, unless a person went past some. */
function checkSteps(receipt: RolloutReceipt, named: readonly NamedWrite[]): string[] {
  const entered = named.filter(({ kind }) => kind === 'step').map(({ number }) => number);
  const { steps } = planOf(receipt);
  const last = Math.max(-1, ...entered, ...receipt.ticks.map(({ step }) => step - 1));
  if (receipt.events.some(({ event }) => event === 'overridden')) return [];
  return steps.flatMap(({ kind }, index) =>
    index <= last && kind !== 'pause' && !entered.includes(index)
      ? [`step ${index} was passed, and never written`]
      : [],
  );
}

/** A look sees the weight of its step, or of the one before while the next is waited for. */
function checkSeen(receipt: RolloutReceipt, named: readonly NamedWrite[]): string[] {
  const entered = named.filter(({ kind, write }) => kind === 'step' && write.appliedAt !== null);
  return receipt.ticks.flatMap((look) => {
    const until = entered.filter(({ number }) => number <= look.step).slice(-2);
    if (until.length === 0) return [`look ${look.tick}: no traffic had been written`];
    const weights = until.map(({ write }) => write.split.canaryBasisPoints);
    const seen = seenBy(look);
    return seen === null || weights.includes(seen)
      ? []
      : [
          `look ${look.tick}: ${seen / 100} % was live, written ${weights.map((weight) => `${weight / 100} %`).join(' or ')}`,
        ];
  });
}

/** The live weight, where it must be the written one: problems and other people's splits explain another. */
function seenBy({ verdict }: ReceiptTick): number | null {
  return verdict.problems.length > 0 || verdict.overruledBy !== null ? null : verdict.observedBasisPoints;
}
