import { setTimeout as sleep } from 'node:timers/promises';
import { MlopsError, messageOf } from '../../domain/errors.ts';
import { LEDGER_HEADER } from '../../domain/registry/mlflow/version-source.ts';

/** What a server gave. */
interface Given {
  readonly body: Readonly<Record<string, unknown>>;
  /** Which ledger it writes, when it says so. */
  readonly ledger: string | null;
}

/** Reads a registry by the MLflow protocol. */
export interface RestClient {
  /** @throws REGISTRY_SOURCE_FAILED with what it said, once it was asked often enough */
  get(path: string, fields: Readonly<Record<string, string>>): Promise<Given>;
  /** The same of something that may not be there: null then. @throws as `get` */
  find(path: string, fields: Readonly<Record<string, string>>): Promise<Given | null>;
}

const TIMEOUT_MS = 30_000;
const PAUSES_MS = [200, 800, 3200, 12_800];
/** A server that asks for more is not waited for. */
const LONGEST_PAUSE_MS = 60_000;
const TRY_AGAIN = [408, 429, 500, 502, 503, 504];

interface Answer {
  /** Null when it is no JSON object. */
  readonly body: Readonly<Record<string, unknown>> | null;
  readonly status: number;
  readonly ledger: string | null;
  /** Null where the server does not say. */
  readonly retryAfterMs: number | null;
}

/** A client for reading alone: whatever was lost on the way is asked for again. */
export function createRestClient(url: string, token: string | null): RestClient {
  const find: RestClient['find'] = async (path, fields) => {
    for (let tried = 0; ; tried += 1) {
      const pause = PAUSES_MS[tried];
      const answer = await ask(url, token, path, fields).catch((error: unknown) => messageOf(error));
      if (typeof answer !== 'string' && answer.status === 200 && answer.body !== null)
        return { body: answer.body, ledger: answer.ledger };
      if (typeof answer !== 'string' && answer.body?.['error_code'] === 'RESOURCE_DOES_NOT_EXIST') return null;
      const isLasting = typeof answer !== 'string' && answer.status !== 200 && !TRY_AGAIN.includes(answer.status);
      if (isLasting || pause === undefined)
        throw new MlopsError('REGISTRY_SOURCE_FAILED', { url, problem: problemOf(answer) });
      const wanted = typeof answer === 'string' ? null : answer.retryAfterMs;
      await sleep(Math.min(LONGEST_PAUSE_MS, wanted ?? pause * (0.75 + Math.random() / 2)));
    }
  };
  return {
    find,
    async get(path, fields) {
      const given = await find(path, fields);
      if (given !== null) return given;
      throw new MlopsError('REGISTRY_SOURCE_FAILED', { url, problem: `it has nothing at ${path}` });
    },
  };
}

async function ask(
  url: string,
  token: string | null,
  path: string,
  fields: Readonly<Record<string, string>>,
): Promise<Answer> {
  const target = `${url}/api/2.0/mlflow/${path}?${new URLSearchParams(fields).toString()}`;
  const response = await fetch(target, {
    headers: token === null ? {} : { authorization: `Bearer ${token}` },
    // A token goes to the server that was named and to no other.
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const after = response.headers.get('retry-after');
  const waitMs = after === null ? NaN : /^\d+$/.test(after) ? Number(after) * 1000 : Date.parse(after) - Date.now();
  return {
    status: response.status,
    ledger: response.headers.get(LEDGER_HEADER),
    body: parseObject(await response.text()),
    retryAfterMs: Number.isFinite(waitMs) ? Math.max(0, waitMs) : null,
  };
}

function parseObject(text: string): Answer['body'] {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Readonly<Record<string, unknown>>)
      : null;
  } catch {
    return null;
  }
}

function problemOf(answer: Answer | string): string {
  if (typeof answer === 'string') return answer;
  const { body, status } = answer;
  if (body === null) return `it answers ${status} with something that is no JSON`;
  const { error_code: code, message } = body;
  return `it answers ${status} ${typeof code === 'string' ? code : ''}: ${typeof message === 'string' ? message.slice(0, 300) : ''}`;
}
