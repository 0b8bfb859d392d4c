import { carriedWealthOf } from '../../domain/rollout/error-budget.ts';
import type { ReceiptEvent, RolloutReceipt } from '../../domain/rollout/receipt.ts';
import type { TickVerdict } from '../../domain/rollout/records.ts';
import { eventsInOrder } from './events-in-order.ts';
import { waiversOf, waiverWords, type Waiver } from './waivers.ts';

/** A receipt in a page of plain text: outcome, course, last evidence, who acted. */
export function renderReceiptText(receipt: RolloutReceipt): string {
  const { rollout, outcome, events, writes, ticks } = receipt;
  const last = ticks.at(-1)?.verdict;
  const waivers = waiversOf(receipt);
  return [
    `Receipt of ${rollout.model} ${rollout.fromVersion} → ${rollout.toVersion} (${rollout.environment}), started ${rollout.startedAt} by ${rollout.startedBy}`,
    `Outcome: ${outcome === null ? 'open' : `${outcome.outcome}, ${outcome.reason}: ${outcome.detail} (${outcome.at})`}`,
    ...(waivers.length === 0 ? [] : [`Waived, so that it decided nothing from then on: ${waiverWords(waivers)}`]),
    `Judged ${ticks.filter(({ judged }) => judged).length} of ${ticks.length} looks on ${rollout.engine.program}, Node ${rollout.engine.node}, V8 ${rollout.engine.v8}`,
    `Noise assumed: ${JSON.stringify(rollout.policy['noise'])}`,
    ...noiseBasisOf(rollout.policy),
    ...carriedOf(rollout.policy),
    '',
    'Traffic:',
    ...writes.map(
      (write) =>
        `  generation ${write.generation}: ${write.split.canaryBasisPoints / 100} % canary, ${write.reason} (${write.actor}, ${write.appliedAt ?? `not applied: ${write.refusedCode ?? 'pending'}`})`,
    ),
    '',
    'Events:',
    ...eventsInOrder(events).map((event) => `  ${event.at} ${event.event} ${detailOf(event)} (${event.actor})`),
    ...(last === undefined ? [] : ['', ...renderEvidence(last, waivers)]),
  ].join('\n');
}

/** Rollouts that began before it was kept have none. */
function noiseBasisOf(policy: RolloutReceipt['rollout']['policy']): string[] {
  const basis = policy['noiseBasis'];
  return typeof basis === 'string' ? [`Noise basis: ${basis}`] : [];
}

/** A first attempt carries nothing. */
function carriedOf(policy: RolloutReceipt['rollout']['policy']): string[] {
  const from = policy['carriedFrom'];
  return typeof from === 'string' ? [`Error budget: ${from}; began with evidence ${carriedWealthOf(policy)}`] : [];
}

function renderEvidence(verdict: TickVerdict, waivers: readonly Waiver[]): string[] {
  const voteOf = (name: string, isShown: boolean): string => {
    const waived = waivers.filter(({ metric }) => metric === name);
    if (waived.length > 0) return `; decides nothing: waived (${waiverWords(waived)})`;
    return isShown ? '; decides nothing: shown only' : '';
  };
  const rows = verdict.metrics.map(
    ({ name, verdict, reason, dryRun }) => `  ${name}: ${verdict}, ${reason}${voteOf(name, dryRun)}`,
  );
  const { overlap } = verdict;
  if (overlap !== undefined) rows.push(`  overlap: ${overlap.verdict}, ${overlap.reason}${voteOf('overlap', false)}`);
  return [
    `Evidence at the last look (total ${verdict.wealth.toPrecision(4)}, rolls back at the limit of the error budget):`,
    ...rows,
  ];
}

/** What an event says in words. */
export function detailOf({ details }: ReceiptEvent): string {
  const { detail } = details;
  return typeof detail === 'string' ? detail : '';
}
