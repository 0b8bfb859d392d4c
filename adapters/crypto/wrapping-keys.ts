import type { DataKeys } from './envelope.ts';

/** What a wrapped key is for; one that was wrapped for the one cannot be passed off as the other's. */
export type KeyPurpose = 'ledger_key' | 'artifact' | 'webhook';

/** Port: the keys that wrap data keys, wherever they are kept. */
export interface WrappingKeys {
  /** For messages: a file, the environment, a server */
  readonly place: string;
  dataKeys(purpose: KeyPurpose): DataKeys;
  /** Id of the key in use. @throws when the keys are not there: LEDGER_KEYS_INVALID, WRAPPING_KEYS_INVALID, KEY_SERVICE_UNREACHABLE */
  active(): Promise<string>;
  /** Makes a key that is not used yet. Returns its id. @throws KEY_ROTATION_REFUSED where none can wait */
  addWaiting(): Promise<string>;
  /** Id of the key that `useNext` puts to use. */
  foreseeNext(): Promise<string>;
  useNext(): Promise<void>;
}
