import { MlopsError } from '../../domain/errors.ts';
import { decrypt, encrypt, type DataKeys } from './envelope.ts';
import type { KeyRing } from './key-ring.ts';

/** Wraps data keys by key-encryption keys that this machine holds. */
export function createLocalDataKeys({ active, keys }: KeyRing): DataKeys {
  const keyOf = (id: string, subject: string): Buffer => {
    const key = keys.get(id);
    if (key === undefined) throw new MlopsError('LEDGER_KEY_UNREADABLE', { subject, key: id });
    return key;
  };
  return {
    async wrap({ origin, subject, key }) {
      const wrapped = encrypt(keyOf(active, subject), contextOf(origin, subject, active), key);
      return await Promise.resolve({ wrappingKey: active, wrapped });
    },
    async unwrap({ origin, subject, wrappingKey, wrapped }) {
      try {
        const context = contextOf(origin, subject, wrappingKey);
        return await Promise.resolve(decrypt(keyOf(wrappingKey, subject), context, wrapped));
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
