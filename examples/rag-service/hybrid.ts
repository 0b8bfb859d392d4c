/**
 * Makes two kinds of score comparable and adds them: each is centred on its mean over all documents and divided by
 * its standard deviation. A score that is the same for every document says nothing and adds nothing.
 *
 * @param first changed in place: holds the sum afterwards
 * @param weight how much the second counts beside the first
 */
export function addStandardised(first: Float32Array, second: Float32Array, weight: number): void {
  const one = describe(first);
  const two = describe(second);
  for (let i = 0; i < first.length; i += 1) {
    first[i] = (first[i]! - one.mean) * one.scale + weight * (second[i]! - two.mean) * two.scale;
  }
}

/** Positions of the `count` highest scores, best first; equal scores in order of position. */
export function takeHighest(scores: Float32Array, count: number): number[] {
  const best: number[] = [];
  for (let i = 0; i < scores.length; i += 1) {
    const score = scores[i]!;
    if (best.length === count && !(score > scores[best[count - 1]!]!)) continue;
    let at = best.length;
    while (at > 0 && score > scores[best[at - 1]!]!) at -= 1;
    best.splice(at, 0, i);
    if (best.length > count) best.pop();
  }
  return best;
}

function describe(scores: Float32Array): { mean: number; scale: number } {
  let sum = 0;
  let squares = 0;
  for (const score of scores) {
    sum += score;
    squares += score * score;
  }
  const mean = sum / Math.max(1, scores.length);
  const variance = squares / Math.max(1, scores.length) - mean * mean;
  return { mean, scale: variance > 1e-12 ? 1 / Math.sqrt(variance) : 0 };
}
