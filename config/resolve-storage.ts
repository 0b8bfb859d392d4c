import { resolve } from 'node:path';
import type { z } from 'zod';
import type { ArtifactsConfig, KeysConfig } from './schema.ts';
import type { ARTIFACTS_SECTION, KEYS_SECTION } from './storage-schema.ts';

/** Where the wrapping keys are, with absolute paths. */
export function resolveKeys({ provider, vault }: z.infer<typeof KEYS_SECTION>, root: string): KeysConfig {
  const { address, key, mount, namespace, token_file } = vault;
  if (provider !== 'vault' || address === null) return { provider: provider === 'environment' ? provider : 'file' };
  return { provider, vault: { address, mount, key, namespace, tokenFile: absolute(token_file, root) } };
}

/** Where artifacts are kept, with absolute paths. */
export function resolveArtifacts(file: z.infer<typeof ARTIFACTS_SECTION>, root: string): ArtifactsConfig {
  const { bucket, credentials_file, endpoint, prefix, region } = file.s3;
  const isBucket = file.store === 's3' && endpoint !== null && bucket !== null;
  const { require_signature: signature } = file;
  return {
    s3: isBucket ? { endpoint, region, bucket, prefix, credentialsFile: absolute(credentials_file, root) } : null,
    requireSignature: typeof signature === 'string' ? signature : signature.map((name) => resolve(root, name)),
  };
}

function absolute(file: string | null, root: string): string | null {
  return file === null ? null : resolve(root, file);
}
