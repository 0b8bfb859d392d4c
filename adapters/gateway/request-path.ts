const ABSOLUTE_FORM = /^[a-z][a-z0-9+.-]*:\/\/[^/?#\\]*/i;

/**
 * Path and query of a request's target, always with exactly one slash before its first segment and without dot segments:
 * appended to an address it can change neither the host nor the base path. The host of an absolute target is dropped,
 * since where a request goes is not the client's to say. Null when there is no path in it (`*`).
 */
export function requestPath(target: string): string | null {
  const path = target.replace(ABSOLUTE_FORM, '');
  const rooted = path === '' || path.startsWith('?') ? `/${path}` : path;
  if (!rooted.startsWith('/')) return null;
  const { pathname, search } = new URL(`http://path.invalid${rooted}`);
  return `${pathname.replace(/^\/+/, '/')}${search}`;
}
