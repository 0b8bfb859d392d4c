/** How well one ranked answer served its labelled query; each number is from 0 (nothing) to 1 (perfect). */
export interface RankingQuality {
  readonly recallAt1: number;
  readonly recallAt5: number;
  readonly recallAt10: number;
  /** 1 / rank of the relevant document, 0 when it was not retrieved (reciprocal rank; its mean is MRR). */
  readonly reciprocalRank: number;
  /** 1 / log2(1 + rank) within the first ten, else 0: nDCG@10 with one relevant document, whose ideal gain is 1. */
  readonly ndcgAt10: number;
}

/**
 * Judges one ranking for a query with exactly one relevant document.
 *
 * An empty ranking scores 0 everywhere; a document that is listed twice counts at its better place.
 *
 * @param rankedIds best first
 * @see Järvelin and Kekäläinen, Cumulated gain-based evaluation of IR techniques (2002), for nDCG
 * @example measureRanking(['b', 'a'], 'a') // recallAt1 0, recallAt5 1, reciprocalRank 0.5, ndcgAt10 0.63
 */
export function measureRanking(rankedIds: readonly string[], relevantId: string): RankingQuality {
  const rank = rankedIds.indexOf(relevantId) + 1;
  const within = (k: number): number => (rank > 0 && rank <= k ? 1 : 0);
  return {
    recallAt1: within(1),
    recallAt5: within(5),
    recallAt10: within(10),
    reciprocalRank: rank > 0 ? 1 / rank : 0,
    ndcgAt10: within(10) === 1 ? 1 / Math.log2(1 + rank) : 0,
  };
}
