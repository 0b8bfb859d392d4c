import { hashText } from './hash.ts';
import { tokenize } from './tokenize.ts';
import type { Synset } from './wordnet.ts';

/** What the service retrieves: the words of one meaning, its definition and its examples but one. */
export interface Document {
  readonly id: string;
  readonly text: string;
}

/** The example that was left out, and the document it was left out of. */
export interface LabelledQuery {
  readonly query: string;
  readonly relevantId: string;
}

export interface Corpus {
  readonly documents: readonly Document[];
  /** for choosing weights and thresholds */
  readonly tuning: readonly LabelledQuery[];
  /** for figures that are published */
  readonly test: readonly LabelledQuery[];
}

/** Raise it when the choice of documents or queries changes: caches are keyed by it. */
export const CORPUS_VERSION = 1;

const DOCUMENT_COUNT = 12_000;
const TUNING_COUNT = 1_000;
const TEST_COUNT = 3_000;
const SHORTEST_QUERY_WORDS = 3;

/**
 * Documents and labelled queries from WordNet: the same on every machine, because the choice is by a hash of the id.
 *
 * One example is left out of every document, so a document that has a query looks like one that has none. A query
 * whose text stands in another document as well would have two right answers and is not used.
 */
export function assembleCorpus(synsets: readonly Synset[]): Corpus {
  const chosen = takeByHash(synsets.filter(isUsable), DOCUMENT_COUNT, (synset) => synset.id, 11);
  const parts = chosen.map(leaveOneOut);
  const documents = parts.map((part) => part.document);
  const queries = takeByHash(
    withoutRepeats(parts.map((part) => part.labelled)).filter(isLongEnough),
    TUNING_COUNT + TEST_COUNT,
    (labelled) => labelled.relevantId,
    13,
  );
  return { documents, tuning: queries.slice(0, TUNING_COUNT), test: queries.slice(TUNING_COUNT) };
}

function isUsable(synset: Synset): boolean {
  return synset.definition !== '' && synset.examples.length > 0;
}

/** The `count` items whose keys hash lowest, in that order: a sample that does not depend on the order of the input. */
function takeByHash<T>(items: readonly T[], count: number, keyOf: (item: T) => string, seed: number): T[] {
  return items
    .map((item) => ({ item, rank: hashText(keyOf(item), seed), key: keyOf(item) }))
    .sort((a, b) => a.rank - b.rank || (a.key < b.key ? -1 : 1))
    .slice(0, count)
    .map(({ item }) => item);
}

function leaveOneOut(synset: Synset): { document: Document; labelled: LabelledQuery } {
  const leftOut = hashText(synset.id, 12) % synset.examples.length;
  const query = synset.examples[leftOut] ?? '';
  // By text, not by position: some glosses give the same sentence twice.
  const others = synset.examples.filter((example) => normalise(example) !== normalise(query));
  const text = [synset.lemmas.join(', '), synset.definition, ...others].join('. ');
  return { document: { id: synset.id, text }, labelled: { query, relevantId: synset.id } };
}

/** Some sentences illustrate several meanings; which of them is meant cannot be told from the sentence. */
function withoutRepeats(queries: readonly LabelledQuery[]): LabelledQuery[] {
  const uses = new Map<string, number>();
  for (const { query } of queries) uses.set(normalise(query), (uses.get(normalise(query)) ?? 0) + 1);
  return queries.filter(({ query }) => uses.get(normalise(query)) === 1);
}

function isLongEnough(labelled: LabelledQuery): boolean {
  return tokenize(labelled.query).length >= SHORTEST_QUERY_WORDS;
}

function normalise(text: string): string {
  return tokenize(text).join(' ');
}
