import { openWrappingKeys } from '../adapters/crypto/open-wrapping-keys.ts';
import type { WrappingKeys } from '../adapters/crypto/wrapping-keys.ts';
import type { MlopsConfig } from '../config/schema.ts';

/** Where keys are looked for; without `keys` in the file of the state directory. */
export type KeyPlace = Pick<MlopsConfig, 'stateDirectory'> & Partial<Pick<MlopsConfig, 'keys'>>;

/** The keys that wrap those of ledger and artifacts. Secrets come from the environment, never from the configuration. */
export function wrappingKeysOf({ stateDirectory, keys = { provider: 'file' } }: KeyPlace): WrappingKeys {
  return openWrappingKeys({ stateDirectory, keys }, process.env);
}
