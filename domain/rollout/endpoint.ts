import { MlopsError } from '../errors.ts';

/** Whether an endpoint is an address of http or https on one of these hosts. IPv6 hosts are listed without brackets. */
export function isAllowedEndpoint(endpoint: string, hosts: readonly string[]): boolean {
  if (!URL.canParse(endpoint)) return false;
  const { hostname, protocol } = new URL(endpoint);
  return (protocol === 'http:' || protocol === 'https:') && hosts.includes(hostname.replace(/^\[|\]$/g, ''));
}

/** @throws ENDPOINT_NOT_ALLOWED */
export function assertAllowedEndpoint(endpoint: string, hosts: readonly string[]): void {
  if (!isAllowedEndpoint(endpoint, hosts))
    throw new MlopsError('ENDPOINT_NOT_ALLOWED', { endpoint, allowed: hosts.join(', ') });
}
