import type { HealthProbe, ProbeResult } from '../../activities/ports.ts';
import { assertAllowedEndpoint } from '../../domain/rollout/endpoint.ts';
import { serviceUrl } from './service-url.ts';

/** How a service is asked, from the `health` section of deployment.yaml. */
export interface HealthProbeOptions {
  readonly path: string;
  readonly timeoutMs: number;
  /** Top-level fields the JSON body must have with these values. */
  readonly expect: Readonly<Record<string, string | number | boolean>>;
  /** Host names that may be asked. */
  readonly allowedHosts: readonly string[];
}

/** Asks services over HTTP. Redirects are not followed: an endpoint may not send us somewhere else. */
export function createHealthProbe(options: HealthProbeOptions): HealthProbe {
  return {
    async probe(endpoint, expectedVersion) {
      assertAllowedEndpoint(endpoint, options.allowedHosts);
      const startedAt = performance.now();
      const seen = await ask(serviceUrl(endpoint, options.path), options.timeoutMs);
      const latencyMs = performance.now() - startedAt;
      if (seen.problem !== null) return unwell(seen.problem, latencyMs);
      return evaluate(seen.body, { options, expectedVersion, latencyMs });
    },
  };
}

async function ask(url: URL, timeoutMs: number): Promise<{ body: Record<string, unknown>; problem: string | null }> {
  try {
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) });
    const text = await response.text();
    if (response.status !== 200) return { body: {}, problem: `answered ${response.status}, wanted 200` };
    const body: unknown = JSON.parse(text);
    if (typeof body !== 'object' || body === null) return { body: {}, problem: 'answered no JSON object' };
    return { body: body as Record<string, unknown>, problem: null };
  } catch (error) {
    return { body: {}, problem: describe(error, timeoutMs) };
  }
}

function evaluate(
  body: Record<string, unknown>,
  {
    options,
    expectedVersion,
    latencyMs,
  }: { options: HealthProbeOptions; expectedVersion: string | null; latencyMs: number },
): ProbeResult {
  for (const [field, wanted] of Object.entries(options.expect)) {
    if (body[field] !== wanted)
      return unwell(`${field} is ${JSON.stringify(body[field])}, wanted ${JSON.stringify(wanted)}`, latencyMs);
  }
  const version = typeof body['version'] === 'string' ? body['version'] : null;
  if (expectedVersion !== null && version !== null && version !== expectedVersion) {
    return unwell(`runs version ${version}, wanted ${expectedVersion}`, latencyMs);
  }
  return {
    healthy: true,
    detail: `healthy in ${latencyMs.toFixed(0)} ms`,
    version,
    latencyMs,
    ...resourcesOf(body),
  };
}

function resourcesOf(body: Record<string, unknown>) {
  return {
    memoryBytes: numberOf(body['memoryBytes']),
    memoryLimitBytes: numberOf(body['memoryLimitBytes']),
    cpuCores: numberOf(body['cpuCores']),
    cpuLimitCores: numberOf(body['cpuLimitCores']),
  };
}

function unwell(detail: string, latencyMs: number): ProbeResult {
  return { healthy: false, detail, version: null, latencyMs, ...resourcesOf({}) };
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function describe(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${timeoutMs} ms`;
  if (error instanceof SyntaxError) return 'answered something that is not JSON';
  const cause = error.cause;
  return cause instanceof Error ? cause.message || (cause as { code?: string }).code || error.message : error.message;
}
