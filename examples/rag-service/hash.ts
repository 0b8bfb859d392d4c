/**
 * A 32-bit hash of a text (FNV-1a with the final mix of MurmurHash3, so that similar texts land far apart).
 *
 * @param text any text; only UTF-16 code units are read
 * @param seed gives an independent family of hashes
 * @returns an unsigned integer below 2^32
 */
export function hashText(text: string, seed = 0): number {
  return hashRange(text, 0, text.length, seed);
}

/** hashText of text.slice(start, end) without making the slice. */
export function hashRange(text: string, start: number, end: number, seed = 0): number {
  let hash = (0x811c9dc5 ^ seed) | 0;
  for (let i = start; i < end; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mixBits(hash) >>> 0;
}

/** The final mix of MurmurHash3: every bit of the input changes half the bits of the result. */
export function mixBits(value: number): number {
  let mixed = value | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
