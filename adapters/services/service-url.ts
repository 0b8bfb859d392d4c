/**
 * A path and query at a service: below the path its endpoint has itself. Only the endpoint says which host that is; `path`
 * is appended and never resolved, so no path names another.
 */
export function serviceUrl(endpoint: string, path: string): URL {
  const url = new URL(endpoint);
  const queryAt = path.indexOf('?');
  const below = queryAt < 0 ? path : path.slice(0, queryAt);
  const query = queryAt < 0 ? '' : path.slice(queryAt + 1);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/${below.replace(/^\//, '')}`;
  url.search = [url.search.slice(1), query].filter((part) => part !== '').join('&');
  return url;
}
