import { readFile } from 'node:fs/promises';
import type { MlopsConfig } from '../../config/schema.ts';
import { isMlopsError, messageOf, MlopsError, type ErrorCode } from '../../domain/errors.ts';

const TIMEOUT_MS = 2000;

/** What a gateway client needs to know of the configuration. */
export interface GatewayAddress {
  readonly gateway: Pick<MlopsConfig['gateway'], 'adminUrl' | 'tokenFile'>;
}

/** One call to the administration; null for 404. @throws ROUTER_UNREACHABLE, and what the gateway refused with */
export async function callAdmin(config: GatewayAddress, path: string, put?: unknown): Promise<unknown> {
  const { adminUrl: address, tokenFile } = config.gateway;
  try {
    const token = (await readFile(tokenFile, 'utf8')).trim();
    const response = await fetch(underBase(address, path), {
      method: put === undefined ? 'GET' : 'PUT',
      headers: {
        authorization: `Bearer ${token}`,
        ...(put === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(put === undefined ? {} : { body: JSON.stringify(put) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const body: unknown = await response.json();
    if (response.status === 404) return null;
    if (!response.ok) throw refusal(body, address, response.status);
    return body;
  } catch (error) {
    if (isMlopsError(error)) throw error;
    throw new MlopsError('ROUTER_UNREACHABLE', { address, reason: messageOf(error) }, { cause: error });
  }
}

/** A path below a base URL that may have a path of its own, as behind an ingress. */
function underBase(base: string, path: string): URL {
  return new URL(path.slice(1), base.endsWith('/') ? base : `${base}/`);
}

const KNOWN_REFUSALS: readonly ErrorCode[] = [
  'TRAFFIC_STALE_GENERATION',
  'TRAFFIC_GENERATION_CONFLICT',
  'GATEWAY_STATE_UNWRITABLE',
  'GATEWAY_REQUEST_INVALID',
];

function refusal(body: unknown, address: string, status: number): MlopsError {
  const { error } = body as { error?: { code?: string; message?: string; details?: Record<string, unknown> } };
  const code = KNOWN_REFUSALS.find((known) => known === error?.code);
  if (code !== undefined) return new MlopsError(code, error?.details ?? {});
  return new MlopsError('ROUTER_UNREACHABLE', {
    address,
    reason: `it answered ${status}: ${error?.message ?? 'no reason given'}`,
  });
}
