import { createHash, timingSafeEqual } from 'node:crypto';
import type { VaultConfig } from '../../config/schema.ts';
import { MlopsError } from '../../domain/errors.ts';
import type { DataKeys, WrappedKey } from './envelope.ts';
import type { VaultAnswer, VaultClient } from './vault-client.ts';
import type { KeyPurpose, WrappingKeys } from './wrapping-keys.ts';

/** How ids of its keys begin: `vault:<key>:v<version>`. */
const PREFIX = 'vault:';

/**
 * Wrapping keys in the transit engine of a server, which they never leave. What is sent there is the data key and a digest of what
 * it is for, so that no wrapped key opens as another's; the server re-wraps without showing either.
 *
 * @param earlier keys that wrapped before, for reading; null when there are none here
 */
export function createVaultWrappingKeys(
  { address, key: name }: Pick<VaultConfig, 'address' | 'key'>,
  client: VaultClient,
  earlier: ((purpose: KeyPurpose) => DataKeys) | null,
): WrappingKeys {
  const place = `${address} (${name})`;
  const idOf = (version: number | string): string => `${PREFIX}${name}:v${version}`;
  const latest = async (): Promise<number> => {
    const answer = await client.call('GET', `keys/${name}`);
    const version = answer.isOk ? answer.data['latest_version'] : undefined;
    if (typeof version === 'number') return version;
    const problem = !answer.isOk && answer.status === 404 ? `there is no key ${name}` : problemOf(answer);
    const hint = `Make it once: vault write -f <mount>/keys/${name}; the token must be allowed to read it`;
    throw new MlopsError('WRAPPING_KEYS_INVALID', { place, problem, hint });
  };
  return {
    place,
    dataKeys: (purpose) => createVaultDataKeys({ client, name, place, idOf, purpose }, earlier?.(purpose) ?? null),
    active: async () => idOf(await latest()),
    addWaiting: async () => {
      const problem = 'a new version is in use as soon as it is there';
      const hint = 'Run `mlops governance rotate`: every program asks the server, so nothing has to be copied';
      return await Promise.reject(new MlopsError('KEY_ROTATION_REFUSED', { place, problem, hint }));
    },
    foreseeNext: async () => idOf((await latest()) + 1),
    async useNext() {
      const answer = await client.call('POST', `keys/${name}/rotate`, {});
      if (!answer.isOk) throw new MlopsError('KEY_SERVICE_UNREACHABLE', { place, problem: problemOf(answer) });
    },
  };
}

interface Place {
  readonly client: VaultClient;
  readonly name: string;
  readonly place: string;
  readonly idOf: (version: string) => string;
  readonly purpose: KeyPurpose;
}

function createVaultDataKeys({ client, name, place, idOf, purpose }: Place, earlier: DataKeys | null): DataKeys {
  const wrappedOf = (answer: VaultAnswer): WrappedKey => {
    const text = answer.isOk ? answer.data['ciphertext'] : undefined;
    const [, version] = typeof text === 'string' ? (/^vault:v(\d+):/.exec(text) ?? []) : [];
    if (typeof text !== 'string' || version === undefined)
      throw new MlopsError('KEY_SERVICE_UNREACHABLE', { place, problem: problemOf(answer) });
    return { wrappingKey: idOf(version), wrapped: Buffer.from(text) };
  };
  const wrap: DataKeys['wrap'] = async ({ origin, subject, key }) => {
    const plaintext = Buffer.concat([key, bindingOf(origin, purpose, subject)]).toString('base64');
    return wrappedOf(await client.call('POST', `encrypt/${name}`, { plaintext }));
  };
  const unwrap: DataKeys['unwrap'] = async (order) => {
    const { origin, subject, wrapped, wrappingKey } = order;
    if (!wrappingKey.startsWith(PREFIX)) return await otherwise(earlier, order).unwrap(order);
    const unreadable = (cause?: unknown): MlopsError =>
      new MlopsError('LEDGER_KEY_UNREADABLE', { subject, key: wrappingKey }, { cause });
    const ciphertext = wrapped.toString('latin1');
    // The id says which key and version it is; the server believes the text.
    if (wrappingKey !== idOf(/^vault:v(\d+):/.exec(ciphertext)?.[1] ?? ''))
      throw unreadable(new Error('id and text differ'));
    const answer = await client.call('POST', `decrypt/${name}`, { ciphertext });
    if (!answer.isOk) {
      if (isRefusal(answer)) throw unreadable(new Error(answer.problem));
      throw new MlopsError('KEY_SERVICE_UNREACHABLE', { place, problem: answer.problem });
    }
    const plain = Buffer.from(String(answer.data['plaintext']), 'base64');
    const binding = bindingOf(origin, purpose, subject);
    const own = plain.subarray(-binding.length);
    if (own.length !== binding.length || !timingSafeEqual(own, binding))
      throw unreadable(new Error('it is of another subject'));
    return plain.subarray(0, -binding.length);
  };
  return {
    wrap,
    unwrap,
    async rewrap(order) {
      // What another key of this server, or none of its, has wrapped comes out once.
      if (!order.wrappingKey.startsWith(`${PREFIX}${name}:`)) return await wrap({ ...order, key: await unwrap(order) });
      const answer = await client.call('POST', `rewrap/${name}`, { ciphertext: order.wrapped.toString('latin1') });
      if (!answer.isOk && isRefusal(answer)) {
        const details = { subject: order.subject, key: order.wrappingKey };
        throw new MlopsError('LEDGER_KEY_UNREADABLE', details, { cause: new Error(answer.problem) });
      }
      return wrappedOf(answer);
    },
  };
}

function otherwise(
  earlier: DataKeys | null,
  { subject, wrappingKey }: { subject: string; wrappingKey: string },
): DataKeys {
  if (earlier === null) throw new MlopsError('LEDGER_KEY_UNREADABLE', { subject, key: wrappingKey });
  return earlier;
}

/** Not the server's trouble, but the text's. Servers say it with 400 or 500. */
function isRefusal({ status, problem }: Extract<VaultAnswer, { readonly isOk: false }>): boolean {
  return status === 400 || status === 404 || /authentication failed|ciphertext/.test(problem);
}

/** 32 bytes for what a key is for. */
function bindingOf(origin: string, purpose: KeyPurpose, subject: string): Buffer {
  return createHash('sha256').update(`${origin}|${purpose}|${subject}`).digest();
}

function problemOf(answer: VaultAnswer): string {
  return answer.isOk ? 'it answered what was not asked' : answer.problem;
}
