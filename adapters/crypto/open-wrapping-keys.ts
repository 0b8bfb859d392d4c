import { existsSync } from 'node:fs';
import type { KeysConfig } from '../../config/schema.ts';
import { createEnvironmentWrappingKeys } from './environment-wrapping-keys.ts';
import { createFileWrappingKeys } from './file-wrapping-keys.ts';
import { wrappingFileOf } from './ledger-keys.ts';
import { createVaultClient } from './vault-client.ts';
import { createVaultWrappingKeys } from './vault-wrapping-keys.ts';
import type { WrappingKeys } from './wrapping-keys.ts';

/**
 * The wrapping keys that the configuration names. What was wrapped by the file's keys before can be read as long as the file is
 * there, and `mlops governance rotate` wraps it anew.
 *
 * @throws WRAPPING_KEYS_INVALID
 */
export function openWrappingKeys(
  { stateDirectory, keys }: { readonly stateDirectory: string; readonly keys: KeysConfig },
  env: Readonly<Record<string, string | undefined>>,
): WrappingKeys {
  if (keys.provider === 'environment') return createEnvironmentWrappingKeys(stateDirectory, env);
  if (keys.provider === 'file') return createFileWrappingKeys(stateDirectory);
  const earlier = existsSync(wrappingFileOf(stateDirectory)) ? createFileWrappingKeys(stateDirectory) : null;
  return createVaultWrappingKeys(
    keys.vault,
    createVaultClient(keys.vault, env),
    earlier === null ? null : (purpose) => earlier.dataKeys(purpose),
  );
}
