import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { VaultConfig } from '../../config/schema.ts';
import { MlopsError, messageOf } from '../../domain/errors.ts';

/** What a server answered. */
export type VaultAnswer =
  | { readonly isOk: true; readonly data: Readonly<Record<string, unknown>> }
  | { readonly isOk: false; readonly status: number; readonly problem: string };

/** Calls of the transit engine. */
export interface VaultClient {
  /** @throws KEY_SERVICE_UNREACHABLE when it does not answer, is sealed, or refuses the token */
  call(method: 'GET' | 'POST', path: string, body?: Readonly<Record<string, unknown>>): Promise<VaultAnswer>;
}

const TIMEOUT_MS = 5000;
/** A server that changes its leader is back within seconds. */
const PAUSES_MS = [100, 400, 1600];
/** Asked again: too many requests, a standby that forwards, a server that starts. Not "sealed", which a person mends. */
const TRY_AGAIN = [412, 429, 472, 473, 500, 502, 504];

/** The transit engine of a Vault or OpenBao server. The token is read anew for each call, so that a renewed one counts. */
export function createVaultClient(
  { address, mount, namespace, tokenFile }: Omit<VaultConfig, 'key'>,
  env: Readonly<Record<string, string | undefined>>,
): VaultClient {
  const failed = (problem: string, cause?: unknown): MlopsError =>
    new MlopsError('KEY_SERVICE_UNREACHABLE', { place: address, problem }, { cause });
  const tokenOf = async (): Promise<string> => {
    const token = tokenFile === null ? env['VAULT_TOKEN'] : await readFile(tokenFile, 'utf8').catch(() => undefined);
    if (token !== undefined && token.trim() !== '') return token.trim();
    throw failed(tokenFile === null ? 'VAULT_TOKEN is not set' : `there is no token in ${tokenFile}`);
  };
  const ask = async (method: string, path: string, body: unknown): Promise<Response> =>
    await fetch(new URL(`/v1/${mount}/${path}`, address), {
      method,
      headers: {
        'x-vault-token': await tokenOf(),
        'x-vault-request': 'true',
        ...(namespace === null ? {} : { 'x-vault-namespace': namespace }),
      },
      // A token goes to the server that was named and to no other.
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return {
    async call(method, path, body) {
      for (let tried = 0; ; tried += 1) {
        const pause = PAUSES_MS[tried];
        try {
          const answer = await readAnswer(await ask(method, path, body));
          if (answer.isOk) return answer;
          if (answer.status === 403 || answer.status === 503) throw failed(answer.problem);
          if (!TRY_AGAIN.includes(answer.status) || pause === undefined) return answer;
        } catch (error) {
          if (error instanceof MlopsError) throw error;
          if (pause === undefined) throw failed(messageOf(error), error);
        }
        await sleep(pause);
      }
    },
  };
}

async function readAnswer(response: Response): Promise<VaultAnswer> {
  const text = await response.text();
  const { data, errors } = parse(text);
  if (response.ok) return { isOk: true, data: data ?? {} };
  const problem = errors === undefined || errors.length === 0 ? `status ${response.status}` : errors.join('; ').trim();
  return { isOk: false, status: response.status, problem };
}

function parse(text: string): { data?: Record<string, unknown>; errors?: readonly string[] } {
  try {
    return JSON.parse(text) as ReturnType<typeof parse>;
  } catch {
    return {};
  }
}
