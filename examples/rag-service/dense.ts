import { mixBits } from './hash.ts';
import { listFeatures } from './tokenize.ts';

/** Length of a vector. */
export const DIMENSIONS = 384;

/** The seed of the random matrix: two vectors may be compared only when they were made with the same seed. */
export const INDEX_SEED = 20_110;

/** Words of 32 signs each that make one row of the random matrix. */
const SIGN_WORDS = DIMENSIONS / 32;
const QUANTISED_MAX = 127;

/** Vectors of all documents, one after the other, in steps of 1/127 of each vector's largest component. */
export interface DenseIndex {
  readonly count: number;
  readonly vectors: Int8Array;
  /** what one step is worth in a vector of length 1, per document */
  readonly steps: Float32Array;
  readonly idf: FeatureWeights;
}

/** A hash table from feature to inverse document frequency: open addressing, a power of two of slots, 0 is empty. */
export interface FeatureWeights {
  readonly keys: Uint32Array;
  readonly values: Float32Array;
  /** for a feature no document has */
  readonly unseen: number;
}

/**
 * Dense vectors of texts: TF-IDF over words and pieces of 3-5 characters, projected by a random matrix of signs
 * (Achlioptas 2003: signs keep distances as well as normal numbers do). Rows of the matrix are made from the feature's hash
 * when they are needed, so it takes no memory.
 */
export function assembleDenseIndex(texts: readonly string[]): DenseIndex {
  const features = texts.map((text) => countFeatures(text));
  const idf = weighFeatures(features);
  const vectors = new Int8Array(texts.length * DIMENSIONS);
  const steps = new Float32Array(texts.length);
  features.forEach((counts, document) => {
    const { values, step } = quantise(project(counts, idf, INDEX_SEED));
    vectors.set(values, document * DIMENSIONS);
    steps[document] = step;
  });
  return { count: texts.length, vectors, steps, idf };
}

/** The vector of a query: unit length, in the space of `seed`. All zeros for a text without words. */
export function encodeQuery(idf: FeatureWeights, text: string, seed: number): Float32Array {
  return project(countFeatures(text), idf, seed);
}

/**
 * Writes the cosine of every document with the query to `scores`.
 *
 * The query is rounded to 8 bits as well, so the loop multiplies small integers: about 2.5 times as fast as
 * Float32Array in V8, and the ranking hardly differs.
 */
export function writeCosines(index: DenseIndex, query: Float32Array, scores: Float32Array): void {
  const rounded = quantise(query);
  const wanted = Int32Array.from(rounded.values);
  const { vectors, steps, count } = index;
  let at = 0;
  for (let document = 0; document < count; document += 1) {
    let sum = 0;
    for (let i = 0; i < DIMENSIONS; i += 4, at += 4) {
      sum +=
        Math.imul(vectors[at]!, wanted[i]!) +
        Math.imul(vectors[at + 1]!, wanted[i + 1]!) +
        Math.imul(vectors[at + 2]!, wanted[i + 2]!) +
        Math.imul(vectors[at + 3]!, wanted[i + 3]!);
      sum |= 0;
    }
    scores[document] = sum * steps[document]! * rounded.step;
  }
}

function countFeatures(text: string): Map<number, number> {
  const counts = new Map<number, number>();
  for (const feature of listFeatures(text)) counts.set(feature, (counts.get(feature) ?? 0) + 1);
  return counts;
}

function weighFeatures(texts: readonly Map<number, number>[]): FeatureWeights {
  const frequencies = new Map<number, number>();
  for (const counts of texts) {
    for (const feature of counts.keys()) frequencies.set(feature, (frequencies.get(feature) ?? 0) + 1);
  }
  const slots = 2 ** Math.ceil(Math.log2(2 * (frequencies.size + 1)));
  const weights = {
    keys: new Uint32Array(slots),
    values: new Float32Array(slots),
    unseen: inverseFrequency(texts.length, 0),
  };
  for (const [feature, count] of frequencies) {
    const slot = findSlot(weights.keys, feature);
    weights.keys[slot] = feature;
    weights.values[slot] = inverseFrequency(texts.length, count);
  }
  return weights;
}

/** ln((1 + N) / (1 + n)) + 1: the smoothed form of scikit-learn. */
function inverseFrequency(documents: number, withFeature: number): number {
  return Math.log((1 + documents) / (1 + withFeature)) + 1;
}

/** Where a feature is, or the empty slot where it would go. */
function findSlot(keys: Uint32Array, feature: number): number {
  const mask = keys.length - 1;
  let slot = feature & mask;
  while (keys[slot] !== 0 && keys[slot] !== feature) slot = (slot + 1) & mask;
  return slot;
}

function project(counts: ReadonlyMap<number, number>, idf: FeatureWeights, seed: number): Float32Array {
  const sums = new Float64Array(DIMENSIONS);
  for (const [feature, count] of counts) {
    const slot = findSlot(idf.keys, feature);
    const weight = (1 + Math.log(count)) * (idf.keys[slot] === feature ? idf.values[slot]! : idf.unseen);
    addSigns(sums, feature, weight, seed);
  }
  const length = Math.hypot(...sums);
  return Float32Array.from(sums, (value) => (length === 0 ? 0 : value / length));
}

/** Adds weight times the feature's row of the random matrix. */
function addSigns(sums: Float64Array, feature: number, weight: number, seed: number): void {
  for (let word = 0; word < SIGN_WORDS; word += 1) {
    const signs = mixBits(mixBits(feature ^ seed) + Math.imul(word + 1, 0x9e3779b9));
    const start = word * 32;
    for (let bit = 0; bit < 32; bit += 1) sums[start + bit]! += (signs >>> bit) & 1 ? weight : -weight;
  }
}

function quantise(vector: Float32Array): { values: Int8Array; step: number } {
  const largest = vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const step = largest / QUANTISED_MAX;
  return { values: Int8Array.from(vector, (value) => (step === 0 ? 0 : Math.round(value / step))), step };
}
