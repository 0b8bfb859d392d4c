import { MlopsError } from '../../domain/errors.ts';
import { decrypt, encrypt, type DataKeys } from './envelope.ts';
import type { KeyRing } from './key-ring.ts';

/** What a wrapped key is for; one that was wrapped for the one cannot be passed off as the other's. */
export type KeyPurpose = 'ledger_key' | 'artifact';

/**
 * Wraps data keys by key-encryption keys that this machine holds.
 *
 * @param ring asked at every use, so that a key that was added counts at once
 */
export function createLocalDataKeys(ring: () => Promise<KeyRing>, purpose: KeyPurpose = 'ledger_key'): DataKeys {
  return {
    async wrap({ origin, subject, key }) {
      const held = await ring();
      const { active } = held;
      const wrapped = encrypt(keyOf(held, active, subject), contextOf({ origin, purpose, subject }, active), key);
      return { wrappingKey: active, wrapped };
    },
    async unwrap({ origin, subject, wrappingKey, wrapped }) {
      // Without a cause the key is not there; with one it did not open.
      const key = keyOf(await ring(), wrappingKey, subject);
      try {
        return decrypt(key, contextOf({ origin, purpose, subject }, wrappingKey), wrapped);
      } catch (error) {
        throw new MlopsError('LEDGER_KEY_UNREADABLE', { subject, key: wrappingKey }, { cause: error });
      }
    },
  };
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
