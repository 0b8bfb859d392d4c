import { MlopsError } from '../errors.ts';
import { hasCredentials, hideCredentials } from '../url-credentials.ts';
import { hostOf } from '../url-host.ts';

/** Whether an endpoint is an address of http or https on one of these hosts, without a password. IPv6 hosts are listed without brackets. */
export function isAllowedEndpoint(endpoint: string, hosts: readonly string[]): boolean {
  if (!URL.canParse(endpoint) || hasCredentials(endpoint)) return false;
  const { protocol } = new URL(endpoint);
  return (protocol === 'http:' || protocol === 'https:') && hosts.includes(hostOf(endpoint));
}

/** @throws ENDPOINT_NOT_ALLOWED */
export function assertAllowedEndpoint(endpoint: string, hosts: readonly string[]): void {
  if (!isAllowedEndpoint(endpoint, hosts))
    throw new MlopsError('ENDPOINT_NOT_ALLOWED', { endpoint: hideCredentials(endpoint), allowed: hosts.join(', ') });
}
