import { describe, expect, it } from 'vitest';
import { addBm25Scores, assembleBm25Index } from '../../../examples/rag-service/bm25.ts';
import { expectClose, loadOracle } from '../../support/oracle.ts';

const { texts, queries } = loadOracle('bm25') as {
  readonly texts: readonly string[];
  readonly queries: readonly { readonly query: string; readonly scores: readonly number[] }[];
};

/** Weights are kept in 32 bits. */
const TOLERANCE = 1e-6;

describe('BM25 scores against rank_bm25 with the idf of Lucene', () => {
  const index = assembleBm25Index(texts);

  it.each(queries.map(({ query, scores }) => [query, scores] as const))('of "%s"', (query, wanted) => {
    const scores = new Float32Array(texts.length);
    addBm25Scores(index, query, scores);
    expect(wanted).toHaveLength(scores.length);
    for (const [document, score] of wanted.entries())
      expectClose(scores[document] ?? Number.NaN, score, TOLERANCE, `document ${document}`);
  });
});
