/** Host of an address; IPv6 without brackets. @throws TypeError for what is no URL */
export function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, '');
}

const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|::1)$/;

/** Whether a host, IPv6 without brackets, is this machine. */
export function isLoopbackHost(host: string): boolean {
  return LOOPBACK.test(host);
}
