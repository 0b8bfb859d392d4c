import { MlopsError } from '../../domain/errors.ts';
import { decrypt, encrypt, type DataKeys } from './envelope.ts';
import type { KeyRing } from './key-ring.ts';

/**
 * Wraps data keys by key-encryption keys that this machine holds.
 *
 * @param ring asked at every use, so that a key that was added counts at once
 */
export function createLocalDataKeys(ring: () => Promise<KeyRing>): DataKeys {
  return {
    async wrap({ origin, subject, key }) {
      const held = await ring();
      const { active } = held;
      const wrapped = encrypt(keyOf(held, active, subject), contextOf(origin, subject, active), key);
      return { wrappingKey: active, wrapped };
    },
    async unwrap({ origin, subject, wrappingKey, wrapped }) {
      const held = await ring();
      try {
        return decrypt(keyOf(held, wrappingKey, subject), contextOf(origin, subject, wrappingKey), wrapped);
      } catch (error) {
        throw new MlopsError('LEDGER_KEY_UNREADABLE', { subject, key: wrappingKey }, { cause: error });
      }
    },
  };
}

/** Authenticated with the key: it cannot be passed off as another subject's. */
function contextOf(origin: string, subject: string, wrappingKey: string): string {
  return `${origin}|ledger_key|${subject}|${wrappingKey}`;
}

function keyOf({ keys }: KeyRing, id: string, subject: string): Buffer {
  const key = keys.get(id);
  if (key === undefined) throw new MlopsError('LEDGER_KEY_UNREADABLE', { subject, key: id });
  return key;
}
