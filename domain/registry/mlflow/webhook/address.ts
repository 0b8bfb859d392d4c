import { hostOf, isLoopbackHost } from '../../../url-host.ts';

/** Where a webhook may go. */
export interface WebhookRules {
  /** Hosts and addresses, as `registry.webhook_hosts` lists them. */
  readonly hosts: readonly string[];
  /** Whether plain http is allowed to this machine: never in production. */
  readonly allowsPlainLoopback: boolean;
}

const LONGEST_URL = 500;

/** Why requests may not be sent to an address, in words; null when they may. What it says holds no more of the address than its host. */
export function problemOfWebhookUrl(url: string, { allowsPlainLoopback, hosts }: WebhookRules): string | null {
  if (url.length > LONGEST_URL || !URL.canParse(url)) return `it is no URL of at most ${LONGEST_URL} characters`;
  const { password, protocol, username } = new URL(url);
  const host = hostOf(url);
  if (username !== '' || password !== '') return 'it holds a user name or password; use the secret';
  const isPlain = protocol === 'http:' && allowsPlainLoopback && isLoopbackHost(host);
  if (protocol !== 'https:' && !isPlain)
    return `its scheme is ${protocol}, wanted https: (or http: to this machine, outside production)`;
  if (hosts.some((listed) => listed.toLowerCase() === host)) return null;
  const listed = hosts.length === 0 ? 'which is empty' : 'which does not have it';
  return `host ${host} must be listed under registry.webhook_hosts of config/governance.yaml, ${listed}`;
}
