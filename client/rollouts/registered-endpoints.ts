import type { MlopsConfig } from '../../config/schema.ts';
import { isMlopsError } from '../../domain/errors.ts';
import type { Registry } from '../registry-port.ts';
import { endpointOf, type KnownEndpoints } from './request.ts';

/** Not there, or nobody to ask: then the order is incomplete, and says so. */
const UNKNOWN: readonly string[] = ['MODEL_NOT_FOUND', 'VERSION_NOT_FOUND', 'DATABASE_UNREACHABLE'];

/** An order with the endpoints of versions that neither it nor configuration knows, as the registry has them; it is asked when one is missing. */
export async function withRegisteredEndpoints<Order extends KnownEndpoints>(
  config: MlopsConfig,
  order: Order,
  versions: readonly string[],
  openRegistry: () => Promise<Registry>,
): Promise<Order> {
  const endpoints = { ...order.endpoints };
  for (const version of versions) {
    if (endpointOf(config, order, version) !== undefined) continue;
    const endpoint = await registeredEndpoint(openRegistry, order.model, version);
    if (endpoint !== null) endpoints[version] = endpoint;
  }
  return { ...order, endpoints };
}

async function registeredEndpoint(
  openRegistry: () => Promise<Registry>,
  model: string,
  version: string,
): Promise<string | null> {
  try {
    return (await (await openRegistry()).version({ model, version })).endpoint;
  } catch (error) {
    if (isMlopsError(error) && UNKNOWN.includes(error.code)) return null;
    throw error;
  }
}
