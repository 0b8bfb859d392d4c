import { addBm25Scores } from './bm25.ts';
import { encodeQuery, writeCosines } from './dense.ts';
import { addStandardised, takeHighest } from './hybrid.ts';
import type { SearchIndex } from './load-index.ts';
import type { Release } from './releases.ts';

/** One retrieved document, best first. */
export interface Hit {
  readonly id: string;
  readonly text: string;
  readonly score: number;
}

/**
 * The retrieval of one release.
 *
 * @returns ranks all documents for a query and gives the `k` best; about 4 ms for a hybrid release on one core
 */
export function createRetriever(index: SearchIndex, release: Release): (query: string, k: number) => Hit[] {
  const { documents } = index.corpus;
  const scores = new Float32Array(documents.length);
  const cosines = new Float32Array(documents.length);
  return (query, k) => {
    scores.fill(0);
    addBm25Scores(index.words, query, scores);
    if (release.retrieval === 'hybrid') {
      writeCosines(index.vectors, encodeQuery(index.vectors.idf, query, release.querySeed), cosines);
      addStandardised(scores, cosines, release.denseWeight);
    }
    return takeHighest(scores, k).flatMap((position) => {
      const document = documents[position];
      return document ? [{ ...document, score: scores[position] ?? 0 }] : [];
    });
  };
}
