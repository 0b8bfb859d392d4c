import { createHash, randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { S3Config } from '../../../config/schema.ts';
import { MlopsError, messageOf } from '../../../domain/errors.ts';
import { encodeName, signRequest, type Credentials } from './sign-request.ts';
import { xmlValue } from './xml.ts';

/** A request to the bucket. */
export interface S3Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** Name of an object; empty for the bucket itself. Without the prefix of the configuration */
  readonly name: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Statuses that are an answer, beside 200, 204 and 206. */
  readonly expects?: readonly number[];
}

export interface S3Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** Sends requests to a bucket. */
export interface S3Client {
  /** For messages */
  readonly place: string;
  readonly prefix: string;
  /** @throws ARTIFACT_STORE_UNUSABLE when the server refuses, or does not answer after several tries */
  send(request: S3Request): Promise<S3Answer>;
}

const TRIES = 6;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
const BASE_TIMEOUT_MS = 60_000;
/** The slowest line that is waited for, bytes per millisecond. */
const SLOWEST = 128;
const NOTHING = new Uint8Array();

/**
 * A client of one bucket, by paths (`<endpoint>/<bucket>/<name>`), signed with Signature Version 4. What the server cannot do now is tried
 * again, each time later.
 *
 * @param credentials asked for each request
 */
export function createS3Client(
  { endpoint, bucket, prefix, region }: Omit<S3Config, 'credentialsFile'>,
  credentials: () => Promise<Credentials>,
  { firstPauseMs = FIRST_PAUSE_MS, now = Date.now } = {},
): S3Client {
  const place = `${endpoint} (bucket ${bucket})`;
  const unusable = (problem: string, cause?: unknown): MlopsError =>
    new MlopsError('ARTIFACT_STORE_UNUSABLE', { store: place, problem }, { cause });
  const ask = async ({ body = NOTHING, headers = {}, method, name, query = {} }: S3Request): Promise<S3Answer> => {
    const url = new URL(endpoint);
    const base = url.pathname.replace(/\/$/, '');
    const path = name === '' ? [] : `${prefix}${name}`.split('/');
    url.pathname = [base, ...[bucket, ...path].map(encodeName)].join('/');
    for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
    const payloadHash = createHash('sha256').update(body).digest('hex');
    const unsigned = { method, url, headers: { ...headers, 'x-amz-content-sha256': payloadHash }, payloadHash };
    const response = await fetch(url, {
      method,
      headers: signRequest(unsigned, await credentials(), { region, service: 's3', time: now() }),
      redirect: 'error',
      signal: AbortSignal.timeout(Math.ceil(BASE_TIMEOUT_MS + body.length / SLOWEST)),
      // Memory that threads share cannot be sent.
      ...(body.length === 0 ? {} : { body: Buffer.from(body) }),
    });
    const { status } = response;
    return { status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) };
  };
  return {
    place,
    prefix,
    async send(request) {
      for (let tried = 1; ; tried += 1) {
        const answer = await ask(request).catch((error: unknown) => ({ error }));
        if ('status' in answer && isAnswer(answer, request)) return answer;
        if (!('status' in answer) && answer.error instanceof MlopsError) throw answer.error;
        const mayHelp = 'status' in answer ? isPassing(answer) : isOfNetwork(answer.error);
        if (!mayHelp || tried === TRIES)
          throw 'status' in answer
            ? unusable(describe(request, answer))
            : unusable(messageOf(answer.error), answer.error);
        const pause = Math.min(LONGEST_PAUSE_MS, firstPauseMs * 2 ** tried);
        // Clients that were refused together do not come again together.
        await sleep(pause / 2 + randomInt(Math.ceil(pause / 2)));
      }
    },
  };
}

function isAnswer({ status, body }: S3Answer, { expects = [] }: S3Request): boolean {
  // Some operations begin to answer 200 before they know how they end.
  if (status === 200 && body.length < 10_000 && xmlValue(body.toString(), 'Error') !== null) return false;
  return [200, 204, 206, ...expects].includes(status);
}

/** What the server may be able to do later. */
function isPassing({ status, body }: S3Answer): boolean {
  const code = xmlValue(body.toString(), 'Code');
  const codes = ['SlowDown', 'InternalError', 'ServiceUnavailable', 'RequestTimeout', 'ConditionalRequestConflict'];
  return status >= 500 || status === 429 || (code !== null && codes.includes(code));
}

/** `fetch` has no other sign of it; what is wrong in the request itself shows otherwise. */
function isOfNetwork(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error.message === 'fetch failed' ||
      ['TimeoutError', 'AbortError'].includes(error.name) ||
      error.message === 'terminated')
  );
}

function describe({ method, name }: S3Request, { status, body }: S3Answer): string {
  const text = body.toString();
  const said = [xmlValue(text, 'Code'), xmlValue(text, 'Message')].filter((part) => part !== null).join(': ');
  return `${method} ${name === '' ? 'of the bucket' : name}: ${said === '' ? `status ${status}` : `${said} (${status})`}`;
}
