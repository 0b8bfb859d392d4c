import { MlopsError } from '../../domain/errors.ts';
import { decrypt, encrypt, type DataKeys } from './envelope.ts';
import type { KeyRing } from './key-ring.ts';
import type { KeyPurpose } from './wrapping-keys.ts';

/**
 * Wraps data keys by key-encryption keys that this machine holds.
 *
 * @param ring asked at every use, so that a key that was added counts at once
 */
export function createLocalDataKeys(ring: () => Promise<KeyRing>, purpose: KeyPurpose = 'ledger_key'): DataKeys {
  const wrap: DataKeys['wrap'] = async ({ origin, subject, key }) => {
    const held = await ring();
    const { active } = held;
    const wrapped = encrypt(keyOf(held, active, subject), contextOf({ origin, purpose, subject }, active), key);
    return { wrappingKey: active, wrapped };
  };
  const unwrap: DataKeys['unwrap'] = async ({ origin, subject, wrappingKey, wrapped }) => {
    // Without a cause the key is not there; with one it did not open.
    const key = keyOf(await ring(), wrappingKey, subject);
    try {
      return decrypt(key, contextOf({ origin, purpose, subject }, wrappingKey), wrapped);
    } catch (error) {
      throw new MlopsError('LEDGER_KEY_UNREADABLE', { subject, key: wrappingKey }, { cause: error });
    }
  };
  return { wrap, unwrap, rewrap: async (order) => await wrap({ ...order, key: await unwrap(order) }) };
}

/** Authenticated with the key: it cannot be passed off as another subject's. */
function contextOf(
  { origin, purpose, subject }: { readonly origin: string; readonly purpose: KeyPurpose; readonly subject: string },
  wrappingKey: string,
): string {
  return `${origin}|${purpose}|${subject}|${wrappingKey}`;
}

function keyOf({ keys }: KeyRing, id: string, subject: string): Buffer {
  const key = keys.get(id);
  if (key === undefined) throw new MlopsError('LEDGER_KEY_UNREADABLE', { subject, key: id });
  return key;
}
