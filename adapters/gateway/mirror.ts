import type { LiveSplit } from '../../domain/rollout/split.ts';
import { serviceUrl } from '../services/service-url.ts';
import type { Counters } from './counters.ts';

/** What stable answered, as far as it is compared. */
export interface StableAnswer {
  readonly status: number;
  readonly body: Buffer | null;
}

const MOST_AT_ONCE = 32;
const BODILESS = new Set(['GET', 'HEAD']);
const SKIPPED_HEADERS = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'accept-encoding',
  'expect',
  'upgrade',
  'keep-alive',
]);

/** Copies requests to the canary and compares its answer with stable's; the user never waits for it. */
export function createMirror(counters: Counters, timeoutMs: number) {
  let running = 0;
  return {
    /** Drops the copy when too many are under way, or when it cannot be made: `fetch` sends no body with GET. */
    send(
      live: LiveSplit,
      request: { method: string; path: string; headers: NodeJS.Dict<string | string[]> },
      body: Buffer | null,
      stable: StableAnswer,
    ): void {
      const { canary, model } = live.split;
      if (canary === null || running >= MOST_AT_ONCE) return;
      if (body !== null && BODILESS.has(request.method)) return;
      running += 1;
      void compare(canary.endpoint, request, body, stable, timeoutMs)
        .then((seen) => counters.mirror(model, canary.version, seen))
        .finally(() => (running -= 1));
    },
  };
}

async function compare(
  endpoint: string,
  request: { method: string; path: string; headers: NodeJS.Dict<string | string[]> },
  body: Buffer | null,
  stable: StableAnswer,
  timeoutMs: number,
): Promise<{ error: boolean; mismatch: boolean; latencyMs: number; overlap: number | null }> {
  const started = performance.now();
  try {
    const response = await fetch(serviceUrl(endpoint, request.path), {
      method: request.method,
      headers: { ...copyHeaders(request.headers), 'x-mlops-mirror': '1' },
      ...(body === null ? {} : { body: new Uint8Array(body) }),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const answer = Buffer.from(await response.arrayBuffer());
    const latencyMs = performance.now() - started;
    const error = response.status >= 500 && stable.status < 500;
    return { error, mismatch: response.status !== stable.status, latencyMs, overlap: overlapOf(stable.body, answer) };
  } catch {
    return { error: stable.status < 500, mismatch: true, latencyMs: performance.now() - started, overlap: null };
  }
}

function copyHeaders(headers: NodeJS.Dict<string | string[]>): Record<string, string> {
  const entries = Object.entries(headers).filter(([name, value]) => value !== undefined && !SKIPPED_HEADERS.has(name));
  return Object.fromEntries(
    entries.map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  );
}

/** Jaccard overlap of the ids two answers retrieved; null when either has none. */
export function overlapOf(a: Buffer | null, b: Buffer | null): number | null {
  const [left, right] = [idsOf(a), idsOf(b)];
  if (left === null || right === null) return null;
  const union = new Set([...left, ...right]).size;
  return union === 0 ? 1 : [...left].filter((id) => right.has(id)).length / union;
}

function idsOf(body: Buffer | null): Set<string> | null {
  if (body === null) return null;
  try {
    const answer = JSON.parse(body.toString()) as { ids?: unknown; results?: unknown };
    const ids = Array.isArray(answer.ids)
      ? answer.ids
      : Array.isArray(answer.results)
        ? answer.results.map((result: { id?: unknown }) => result.id)
        : null;
    return ids === null ? null : new Set(ids.map(String));
  } catch {
    return null;
  }
}
