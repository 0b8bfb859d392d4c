import type { RolloutReceipt } from '../../domain/rollout/receipt.ts';
import { waiversOf, waiverWords } from './waivers.ts';

/** How a rollout stands, in words and by its tone. */
export interface OutcomeWords {
  readonly word: string;
  readonly tone: 'good' | 'bad' | 'wait';
  /** A sentence that says why. */
  readonly sentence: string;
}

const WORDS: Readonly<Record<string, string>> = {
  promoted: 'Promoted',
  'rolled-back': 'Rolled back',
  aborted: 'Aborted',
  failed: 'Failed',
  completed: 'Completed',
};

/** Reasons that are not the name of a metric. */
const REASONS: Readonly<Record<string, string>> = {
  aborted: 'A person ended it',
  denied: 'A person refused it',
  cancelled: 'The workflow was cancelled in Temporal',
  inconclusive: 'There was not enough evidence of safety in the time it had',
  deadline: 'The time it had was over',
  completed: 'The time of the A/A run is over',
  'emergency-rollback': 'An emergency rollback took all traffic back',
  'stable-down': 'The stable version could not serve',
  health: 'The new version failed its health checks',
  ceiling: 'Evidence that the error rate of the new version is above its ceiling',
};

/** What became of a rollout. */
export function outcomeWords(receipt: RolloutReceipt): OutcomeWords {
  const { outcome } = receipt;
  if (outcome === null) return { word: 'Open', tone: 'wait', sentence: 'It has not ended yet.' };
  const why =
    outcome.outcome === 'promoted'
      ? promotionWords(receipt)
      : (REASONS[outcome.reason] ?? reasonWords(outcome.outcome, outcome.reason));
  return {
    word: WORDS[outcome.outcome] ?? outcome.outcome,
    tone: ['promoted', 'completed'].includes(outcome.outcome) ? 'good' : 'bad',
    sentence: outcome.detail === '' ? `${why}.` : `${why}: ${outcome.detail}.`,
  };
}

/** What let it pass: evidence, a person, or evidence on what people had left to decide. */
function promotionWords(receipt: RolloutReceipt): string {
  const waivers = waiversOf(receipt);
  const waived = waivers.length === 0 ? '' : ` (waived: ${waiverWords(waivers)})`;
  if (receipt.events.some(({ event }) => event === 'overridden'))
    return `A person let it pass although something was missing${waived}`;
  if (waived === '') return 'The evidence of safety was enough on every required metric';
  const required = receipt.rollout.policy['requiredMetrics'];
  const isLeft = (name: unknown): boolean => !waivers.some(({ metric }) => metric === name);
  return Array.isArray(required) && required.some(isLeft)
    ? `The evidence of safety was enough on every required metric that was left${waived}`
    : `No required metric was left that had to show safety${waived}`;
}

function reasonWords(outcome: string, reason: string): string {
  if (reason.startsWith('PREFLIGHT_')) return 'Pre-flight refused it, and nothing was moved';
  return outcome === 'rolled-back' && /^[a-z-]+$/.test(reason) ? `Evidence of harm in ${reason}` : reason;
}
