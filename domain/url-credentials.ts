/** What stands before the host of a URL, up to the last @ where one is written wrongly. */
const CREDENTIALS = /(:\/\/)[^\s"'`]*@/g;

/** Whether a URL has a user or a password in it: it would be shown wherever the URL is. */
export function hasCredentials(url: string): boolean {
  return /^[^/]*:\/\/[^/?#]*@/.test(url);
}

/**
 * A text for people in which no URL says a user or a password. A path with an @ in it may be hidden too.
 *
 * @example hideCredentials('http://ada:secret@host/metrics') // 'http://(hidden)@host/metrics'
 */
export function hideCredentials(text: string): string {
  return text.replaceAll(CREDENTIALS, '$1(hidden)@');
}
