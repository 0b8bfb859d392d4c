import { hashRange, hashText } from './hash.ts';

const WORD_SEED = 1;
const PIECE_SEED = 2;
const SHORTEST_PIECE = 3;
const LONGEST_PIECE = 5;

/** Lower-case words of letters and digits, in order, with repeats and without stemming. '' gives []. */
export function tokenize(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/**
 * The features of a text for the dense vector, as 32-bit hashes: each word, and every piece of 3 to 5 characters of
 * each word with a blank at both ends (so 'cat' gives ' ca', 'cat', 'at ', ' cat', 'cat ', ' cat '). Repeats are kept.
 */
export function listFeatures(text: string): number[] {
  const features: number[] = [];
  for (const word of tokenize(text)) {
    features.push(hashText(word, WORD_SEED));
    const padded = ` ${word} `;
    for (let length = SHORTEST_PIECE; length <= LONGEST_PIECE; length += 1) {
      for (let start = 0; start + length <= padded.length; start += 1) {
        features.push(hashRange(padded, start, start + length, PIECE_SEED));
      }
    }
  }
  return features;
}
