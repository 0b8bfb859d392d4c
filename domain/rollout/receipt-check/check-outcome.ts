import type { ReceiptTick, RolloutReceipt } from '../receipt.ts';
import { appliedOf, planOf } from './check-writes.ts';

/** Reasons of a rollback that a look has to carry. */
const JUDGED: readonly string[] = ['errors', 'slow', 'scores', 'ceiling', 'overlap'];
/** What a person has to have done for an end with that reason. */
const ASKED: Readonly<Record<string, string>> = { denied: 'deny', aborted: 'abort' };
/** Events that close a story. */
const CLOSING: readonly string[] = ['promoted', 'rolled-back', 'aborted', 'failed', 'completed'];

type Closed = RolloutReceipt & { readonly outcome: NonNullable<RolloutReceipt['outcome']> };

/** How a rollout ended, against its looks, its story and its last traffic write. */
export function checkOutcome(receipt: RolloutReceipt): string[] {
  const found = checkBreaches(receipt);
  if (!isClosed(receipt)) return found;
  return [
    ...found,
    ...checkEvidence(receipt),
    ...checkPeople(receipt),
    ...checkDeadline(receipt),
    ...checkClosing(receipt),
  ];
}

function isClosed(receipt: RolloutReceipt): receipt is Closed {
  return receipt.outcome !== null;
}

/** Whether a rollout acts on the verdict of a look: an A/A run does not, nor on what a person accepted. */
function isBreach({ rollout }: RolloutReceipt, { verdict }: ReceiptTick): boolean {
  const { decision, metric, waived, overruledBy } = verdict;
  const isHarm = decision === 'rollback' || decision === 'hold';
  return isHarm && overruledBy === null && !waived.includes(metric ?? '') && rollout.fromVersion !== rollout.toVersion;
}

/** Harm that a look found was acted upon: it ended the rollout, or people were asked. */
function checkBreaches(receipt: RolloutReceipt): string[] {
  const { outcome, ticks, events } = receipt;
  const breaches = ticks.filter((look) => isBreach(receipt, look));
  const final = breaches.find(
    ({ verdict }) => verdict.decision === 'rollback' && planOf(receipt).autoRollback === true,
  );
  if (final !== undefined) {
    const { metric } = final.verdict;
    if (final !== ticks.at(-1)) return [`look ${final.tick} says rollback for ${metric}, and looks follow it`];
    if (outcome === null || outcome.outcome === 'failed') return [];
    const isTaken = outcome.outcome === 'rolled-back' && [metric, 'emergency-rollback'].includes(outcome.reason);
    const isStopped = outcome.outcome === 'aborted' && outcome.reason === 'cancelled';
    return isTaken || isStopped
      ? []
      : [`look ${final.tick} says rollback for ${metric}, the outcome is ${outcome.outcome} for ${outcome.reason}`];
  }
  const [first] = breaches;
  const isAsked = events.some(({ event }) => event === 'held');
  return first === undefined || isAsked || outcome === null
    ? []
    : [`look ${first.tick} says ${first.verdict.decision} for ${first.verdict.metric}, and nobody was asked`];
}

/** A rollback for evidence has that evidence in its last look; a promotion has the judge's word, or a person's. */
function checkEvidence(receipt: Closed): string[] {
  const { outcome, ticks, events } = receipt;
  const has = (name: string): boolean => events.some(({ event }) => event === name);
  if (outcome.outcome === 'rolled-back' && JUDGED.includes(outcome.reason)) {
    const last = ticks.at(-1)?.verdict;
    const isCarried =
      last?.decision === 'rollback' && last.metric === outcome.reason && last.reasons[0] === outcome.detail;
    return isCarried ? [] : [`rolled back for ${outcome.reason}, and the last look does not say so`];
  }
  if (outcome.outcome !== 'promoted') return [];
  const end = planOf(receipt).steps.length - 1;
  const before = ticks.findLast(({ step }) => step < end)?.verdict;
  // A plan that begins with all users has no look before them.
  const isProven = end === 0 || (before?.decision === 'promote' && before.telemetry === 'complete');
  return [
    ...(isProven || has('overridden')
      ? []
      : ['promoted, but the last look before 100 % does not say promote and nobody overrode the judge']),
    ...(has('held') && !has('approve') ? ['promoted after a hold that nobody approved'] : []),
    ...(planOf(receipt).steps.some(({ gate }) => gate) && !has('approved') && !has('overridden')
      ? ['promoted through a gate that nobody approved']
      : []),
  ];
}

function checkPeople({ outcome, events }: Closed): string[] {
  const asked = ASKED[outcome.reason];
  return asked === undefined || events.some(({ event }) => event === asked)
    ? []
    : [`${outcome.outcome} for ${outcome.reason}, and nobody asked for it`];
}

/** Time of waiting for people only moves the deadline back. */
function checkDeadline(receipt: Closed): string[] {
  const { outcome, rollout } = receipt;
  const isLate = outcome.outcome === 'rolled-back' && ['deadline', 'inconclusive'].includes(outcome.reason);
  const seconds = planOf(receipt).deadlineSeconds;
  if (!isLate || seconds === undefined) return [];
  return Date.parse(outcome.at) - Date.parse(rollout.startedAt) >= 1000 * seconds
    ? []
    : [`rolled back at its deadline before the ${seconds} s had passed`];
}

/** It ended while pre-flight was under way: traffic was left as it was. */
function hasMovedNothing(receipt: Closed): boolean {
  const isStarted = receipt.events.some(({ event }) => event === 'started');
  return (
    !isStarted &&
    receipt.ticks.length === 0 &&
    appliedOf(receipt).every(({ idempotencyKey }) => idempotencyKey.endsWith('/first'))
  );
}

/** The closing event and the last write tell the same end; one of them is there. */
function checkClosing(receipt: Closed): string[] {
  const { outcome, events } = receipt;
  const found: string[] = [];
  const closing = events.filter(({ event }) => CLOSING.includes(event));
  const words = `${outcome.reason}: ${outcome.detail}`;
  for (const { event, details } of closing)
    if (event !== outcome.outcome || details['detail'] !== words)
      found.push(`the outcome is ${outcome.outcome}, ${words}; the story ends ${event}, ${String(details['detail'])}`);
  if (closing.length > 1) found.push('the story ends twice');
  const last = appliedOf(receipt).at(-1);
  const told = `${outcome.outcome}: ${outcome.reason}`;
  const isFinish = last?.idempotencyKey.endsWith('/finish') === true;
  const isRetreat = last?.idempotencyKey.endsWith('/retreat') === true;
  const leaves = outcome.outcome === 'failed' || outcome.reason === 'emergency-rollback' || hasMovedNothing(receipt);
  if (outcome.outcome === 'promoted' ? !isFinish : !leaves && !isRetreat)
    found.push(`the outcome is ${outcome.outcome}, the last traffic write is ${last?.reason ?? 'missing'}`);
  else if (isRetreat && last?.reason !== told)
    found.push(`the outcome is ${told}, the last traffic write is ${last?.reason}`);
  if (closing.length === 0 && leaves)
    found.push(`the outcome is ${outcome.outcome}, and the story does not tell of it`);
  return found;
}
