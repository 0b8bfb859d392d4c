import { createHash, createHmac } from 'node:crypto';

/** Who signs. */
export interface Credentials {
  readonly accessKey: string;
  readonly secretKey: string;
  /** Of a session; null for keys that last */
  readonly sessionToken: string | null;
}

/** A request before it is signed. */
export interface UnsignedRequest {
  readonly method: string;
  /** Its path is encoded already, each part by `encodeName`. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** SHA-256 of the body in hex */
  readonly payloadHash: string;
}

/** What a signature holds for. */
export interface Scope {
  readonly region: string;
  readonly service: string;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';

/**
 * The headers of a request with a signature of AWS's Signature Version 4.
 *
 * @param time ms since 1970; servers refuse one that is 15 minutes off
 * @source AWS, "Create a signed AWS API request"; checked against its published examples in test/unit/adapters/artifacts/sign-request.test.ts
 */
export function signRequest(
  { method, url, headers, payloadHash }: UnsignedRequest,
  { accessKey, secretKey, sessionToken }: Credentials,
  { region, service, time }: Scope & { readonly time: number },
): Record<string, string> {
  const stamp = new Date(time).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const date = stamp.slice(0, 8);
  const all: Record<string, string> = {
    ...headers,
    'x-amz-date': stamp,
    ...(sessionToken === null ? {} : { 'x-amz-security-token': sessionToken }),
  };
  const signed = Object.entries({ ...all, host: url.host })
    .map(([name, value]) => [name.toLowerCase(), value.trim().replace(/ +/g, ' ')] as const)
    .toSorted(([a], [b]) => compare(a, b));
  const names = signed.map(([name]) => name).join(';');
  const canonical = [
    method,
    url.pathname,
    queryOf(url),
    ...signed.map(([name, value]) => `${name}:${value}`),
    '',
    names,
    payloadHash,
  ].join('\n');
  const scope = [date, region, service, 'aws4_request'].join('/');
  const text = [ALGORITHM, stamp, scope, createHash('sha256').update(canonical).digest('hex')].join('\n');
  const key = [date, region, service, 'aws4_request'].reduce(hmac, Buffer.from(`AWS4${secretKey}`));
  const signature = hmac(key, text).toString('hex');
  const authorization = `${ALGORITHM} Credential=${accessKey}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  return { ...all, authorization };
}

/** A name in a path or a query, as Signature Version 4 wants it: everything but unreserved characters is encoded. */
export function encodeName(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function queryOf(url: URL): string {
  return [...url.searchParams]
    .map(([name, value]) => `${encodeName(name)}=${encodeName(value)}`)
    .toSorted(compare)
    .join('&');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
