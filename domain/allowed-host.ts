import { MlopsError } from './errors.ts';

/** A host header: a name, or an address, which stands in brackets when it is of IPv6; and perhaps a port. */
const HEADER = /^(?<host>\[[^\]]*\]|[^:]*)(?::\d+)?$/;
const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/;
/** Of a header that is shown. */
const SHOWN_LENGTH = 100;

/**
 * Whether a call was meant for this program. A page of anybody may have a name of theirs lead to this machine, and is then same-origin with
 * what listens here (DNS rebinding): the name in the header is all that tells. Nobody else can have `localhost` or an address.
 *
 * @param names further names, in lower case and without a port, under which the program is called
 */
export function isAllowedHost(header: string | undefined, names: readonly string[]): boolean {
  const host = HEADER.exec((header ?? '').toLowerCase())?.groups?.['host'] ?? '';
  return host === 'localhost' || ADDRESS.test(host) || names.includes(host);
}

/** @throws HOST_NOT_ALLOWED */
export function assertAllowedHost(header: string | undefined, names: readonly string[]): void {
  if (isAllowedHost(header, names)) return;
  const wanted = ['localhost', 'an address', ...names].join(', ');
  throw new MlopsError('HOST_NOT_ALLOWED', { host: (header ?? '(none)').slice(0, SHOWN_LENGTH), wanted });
}
