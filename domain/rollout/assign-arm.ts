const WHOLE = 10_000;

/** The arms of a split. */
export type Arm = 'stable' | 'canary';

/**
 * The arm a user is served by. Monotone: raising the share only moves users to the canary, never one back.
 *
 * @param share basis points on the canary, 0-10,000
 * @example assignArm('rag_api', 'user-7', 500)
 */
export function assignArm(model: string, user: string, share: number): Arm {
  return bucketOf(`${model}\u0000${user}`) < share ? 'canary' : 'stable';
}

/** A bucket from 0 to 9,999, evenly spread over texts (FNV-1a with a finalizer). */
export function bucketOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % WHOLE;
}
