import { MlopsError } from '../domain/errors.ts';
import { isEmergency } from '../domain/rollout/emergency.ts';
import { sameSplit, type LiveSplit, type TrafficSplit } from '../domain/rollout/split.ts';
import { serverTimeMs } from './clock.ts';
import { lostWriteCode } from './lost-write.ts';
import type { ReservedWrite, TrafficRouter, TrafficStore } from './ports.ts';

/** A fenced change of traffic asked for by a rollout. */
export interface ApplySplitInput {
  readonly environment: string;
  /** The same on every attempt: `<rolloutKey>/<stage>/<step>`. */
  readonly idempotencyKey: string;
  readonly split: TrafficSplit;
  /** Generation this rollout wrote last, or adopted at its start. */
  readonly expectedGeneration: number;
  readonly actor: string;
  readonly reason: string;
}

export type ApplySplitResult =
  | {
      readonly status: 'applied';
      readonly generation: number;
      readonly observedBasisPoints: number;
      /** A foreign edit that this write replaced, if there was one. */
      readonly replaced: LiveSplit | null;
      /** Time of the server, milliseconds since 1970. */
      readonly nowMs: number;
    }
  /** An emergency rollback is live: nothing was changed. */
  | { readonly status: 'yielded'; readonly live: LiveSplit; readonly nowMs: number };

/** Activities that move traffic. Each write has its generation in the database before the router is asked (D2). */
export function createTrafficActivities({ router, traffic }: { router: TrafficRouter; traffic: TrafficStore }) {
  return {
    /**
     * Makes a split live and verifies it by reading it back. Calling it again with the same key changes nothing.
     *
     * @throws TRAFFIC_WRITE_LOST when another writer was faster (safe to retry), ROUTER_UNREACHABLE
     */
    async applySplit(input: ApplySplitInput): Promise<ApplySplitResult> {
      const live = await router.observe(input.split.model);
      if (live?.idempotencyKey === input.idempotencyKey) return await confirm(input, live, null);
      if (live !== null && isEmergency(live) && live.generation > input.expectedGeneration) {
        return { status: 'yielded', live, nowMs: serverTimeMs() };
      }
      const foreign = live !== null && live.generation > input.expectedGeneration ? live : null;
      if (foreign !== null) await traffic.recordForeign(input.environment, foreign, 'found in place of our split');
      const reserved = await traffic.reserve({ ...input, expectedGeneration: live?.generation ?? 0 });
      const applied = await write(input, reserved);
      return await confirm(input, applied, foreign);
    },
  };

  async function write(input: ApplySplitInput, reserved: ReservedWrite): Promise<LiveSplit> {
    try {
      return await router.apply({ ...reserved, reason: input.reason });
    } catch (error) {
      const code = lostWriteCode(error);
      if (code === null) throw error;
      // The reservation is dead: free the key, so that the next attempt reserves a newer generation.
      await traffic.markRefused(input.environment, input.split.model, reserved.generation, code);
      throw new MlopsError(
        'TRAFFIC_WRITE_LOST',
        { model: input.split.model, generation: reserved.generation },
        { cause: error },
      );
    }
  }

  async function confirm(
    input: ApplySplitInput,
    applied: LiveSplit,
    replaced: LiveSplit | null,
  ): Promise<ApplySplitResult> {
    const live = await router.observe(input.split.model);
    if (live === null || live.generation !== applied.generation || !sameSplit(live.split, input.split)) {
      throw new MlopsError('TRAFFIC_NOT_VERIFIED', {
        model: input.split.model,
        intended: input.split.canaryBasisPoints / 100,
        observed: live === null ? 'nothing' : `${live.split.canaryBasisPoints / 100} % (generation ${live.generation})`,
      });
    }
    await traffic.markApplied(input.environment, live);
    return {
      status: 'applied',
      generation: live.generation,
      observedBasisPoints: live.split.canaryBasisPoints,
      replaced,
      nowMs: serverTimeMs(),
    };
  }
}
