import { z } from 'zod';
import { MlopsError } from '../../domain/errors.ts';
import type { Counters } from './counters.ts';
import type { Origin, RequestIds } from './request-id.ts';
import type { SplitStore } from './split-store.ts';

const FEEDBACK = z.strictObject({ requestId: z.string().min(1), score: z.number().min(0).max(1) });
const BODY = z.union([FEEDBACK, z.array(FEEDBACK).max(1000)]);
/** Ids remembered, so that feedback counts once. */
const REMEMBERED = 200_000;

export interface FeedbackReport {
  readonly counted: number;
  /** Seen before, or of a request whose arm was forced. */
  readonly ignored: number;
  /** Of a version that is in no arm any more. */
  readonly late: number;
}

type Fate = keyof FeedbackReport;

/** Takes quality scores of answers given earlier and counts them for the arm that gave the answer. */
export function createFeedback(splits: SplitStore, counters: Counters, ids: RequestIds) {
  const seen = new Set<string>();
  return {
    /** @throws GATEWAY_REQUEST_INVALID for a wrong shape or an id this gateway did not make */
    take(body: unknown): FeedbackReport {
      const parsed = BODY.safeParse(body);
      if (!parsed.success)
        throw new MlopsError('GATEWAY_REQUEST_INVALID', {
          problem: 'wanted {"requestId": "...", "score": 0 to 1} or a list of these',
        });
      const list = Array.isArray(parsed.data) ? parsed.data : [parsed.data];
      // All are read before one is counted: a list that is refused may be sent again as a whole.
      const entries = list.map(({ requestId, score }) => ({ requestId, score, origin: originOf(requestId) }));
      const report = { counted: 0, ignored: 0, late: 0 };
      for (const entry of entries) report[takeOne(entry)] += 1;
      return report;
    },
  };

  function originOf(requestId: string): Origin {
    const origin = ids.read(requestId);
    if (origin === null)
      throw new MlopsError('GATEWAY_REQUEST_INVALID', { problem: 'requestId was not given out by this gateway' });
    return origin;
  }

  function takeOne({ requestId, score, origin }: { requestId: string; score: number; origin: Origin }): Fate {
    if (origin.forced || seen.has(requestId)) return 'ignored';
    remember(requestId);
    const split = splits.get(origin.model)?.split;
    const current = origin.arm === 'canary' ? split?.canary?.version : split?.stable.version;
    if (current !== origin.version) return 'late';
    counters.score(origin.model, origin.arm, origin.version, score);
    return 'counted';
  }

  function remember(requestId: string): void {
    seen.add(requestId);
    if (seen.size <= REMEMBERED) return;
    const [oldest] = seen;
    if (oldest !== undefined) seen.delete(oldest);
  }
}
