/** Where one arm's requests go: the version that answers there and the base URL of its service. */
export interface ArmTarget {
  readonly version: string;
  readonly endpoint: string;
}

/**
 * How the traffic of one model is divided. Weights are basis points (0-10,000) of all requests.
 *
 * `canary` with `canaryBasisPoints` 0 is reachable by the override header only. `mirrorBasisPoints` is the share of
 * stable's requests that is also sent to the canary, whose answers are discarded.
 */
export interface TrafficSplit {
  readonly model: string;
  readonly stable: ArmTarget;
  readonly canary: ArmTarget | null;
  readonly canaryBasisPoints: number;
  readonly mirrorBasisPoints: number;
}

/**
 * One fenced change of a split (architecture D2): absolute, idempotent by key, applied only when `generation` is newer
 * than the router's and, if `expectedGeneration` is given, when the router still has exactly that one.
 */
export interface TrafficWrite {
  readonly split: TrafficSplit;
  readonly generation: number;
  /** Generation the writer believes is live; null skips the comparison (emergency and first write). */
  readonly expectedGeneration: number | null;
  readonly idempotencyKey: string;
  readonly actor: string;
  readonly reason: string;
}

/** What the router reports as live, with who wrote it and when. */
export interface LiveSplit {
  readonly split: TrafficSplit;
  readonly generation: number;
  readonly idempotencyKey: string;
  readonly actor: string;
  readonly reason: string;
  /** ISO 8601, UTC */
  readonly writtenAt: string;
}

/** Whether two splits send the same requests to the same places. */
export function sameSplit(a: TrafficSplit, b: TrafficSplit): boolean {
  return (
    a.model === b.model &&
    sameTarget(a.stable, b.stable) &&
    sameTarget(a.canary, b.canary) &&
    a.canaryBasisPoints === b.canaryBasisPoints &&
    a.mirrorBasisPoints === b.mirrorBasisPoints
  );
}

function sameTarget(a: ArmTarget | null, b: ArmTarget | null): boolean {
  if (a === null || b === null) return a === b;
  return a.version === b.version && a.endpoint === b.endpoint;
}
