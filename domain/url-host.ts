/** Host of an address; IPv6 without brackets. @throws TypeError for what is no URL */
export function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, '');
}
