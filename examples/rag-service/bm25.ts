import { tokenize } from './tokenize.ts';

/**
 * An inverted index with the BM25 weight of each posting worked out beforehand: a query only adds numbers.
 * Postings of term t are documents[starts[t] .. starts[t + 1]] with weights at the same places.
 */
export interface Bm25Index {
  readonly terms: ReadonlyMap<string, number>;
  readonly starts: Uint32Array;
  readonly documents: Uint16Array;
  readonly weights: Float32Array;
}

/** How fast the weight of a repeated word saturates, and how much long documents are held back (the usual values). */
const SATURATION = 1.2;
const LENGTH_PENALTY = 0.75;

/**
 * Builds the index.
 *
 * weight(t, d) = idf(t) · f·(k1 + 1) / (f + k1·(1 − b + b·|d|/avgdl)), idf(t) = ln(1 + (N − n + 0.5)/(n + 0.5)):
 * Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond (2009), eq. 3.15, with the idf of
 * Lucene, which is never negative.
 *
 * @param texts at most 65,536 documents, addressed by position
 */
export function assembleBm25Index(texts: readonly string[]): Bm25Index {
  const counts = texts.map(countWords);
  const lengths = counts.map((words) => words.values().reduce((sum, count) => sum + count, 0));
  const averageLength = lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, texts.length);
  const postings = new Map<string, number[]>();
  counts.forEach((words, document) => {
    for (const word of words.keys()) {
      const list = postings.get(word);
      if (list) list.push(document);
      else postings.set(word, [document]);
    }
  });
  const total = postings.values().reduce((sum, list) => sum + list.length, 0);
  const index = {
    terms: new Map<string, number>(),
    starts: new Uint32Array(postings.size + 1),
    documents: new Uint16Array(total),
    weights: new Float32Array(total),
  };
  let at = 0;
  for (const [word, list] of postings) {
    const term = index.terms.size;
    index.terms.set(word, term);
    const idf = Math.log(1 + (texts.length - list.length + 0.5) / (list.length + 0.5));
    for (const document of list) {
      const frequency = counts[document]?.get(word) ?? 0;
      const length = (lengths[document] ?? 0) / averageLength;
      const damping = SATURATION * (1 - LENGTH_PENALTY + LENGTH_PENALTY * length);
      index.documents[at] = document;
      index.weights[at] = (idf * frequency * (SATURATION + 1)) / (frequency + damping);
      at += 1;
    }
    index.starts[term + 1] = at;
  }
  return index;
}

/** Adds the BM25 score of every document for the query to `scores` (which the caller has cleared). */
export function addBm25Scores(index: Bm25Index, query: string, scores: Float32Array): void {
  const { starts, documents, weights } = index;
  for (const word of tokenize(query)) {
    const term = index.terms.get(word);
    if (term === undefined) continue;
    const end = starts[term + 1]!;
    for (let at = starts[term]!; at < end; at += 1) scores[documents[at]!]! += weights[at]!;
  }
}

function countWords(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of tokenize(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}
