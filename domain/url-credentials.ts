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
  return text.replaceAll(/[^\s"'`]+/g, (word) => {
    // Up to the last @, where one is written wrongly.
    const [from, to] = [word.indexOf('://') + 3, word.lastIndexOf('@')];
    return from < 3 || to < from ? word : `${word.slice(0, from)}(hidden)${word.slice(to)}`;
  });
}
