import { resolve } from 'node:path';
import type { z } from 'zod';
import type { ArtifactsConfig, KeysConfig, SignersConfig } from './schema.ts';
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
  return {
    s3: isBucket ? { endpoint, region, bucket, prefix, credentialsFile: absolute(credentials_file, root) } : null,
    isSignatureRequired: file.require_signature !== 'none',
    signers: resolveSigners(file, root),
  };
}

function resolveSigners(
  { require_signature: wanted, signers }: z.infer<typeof ARTIFACTS_SECTION>,
  root: string,
): SignersConfig {
  const { certificates, keys, sigstore } = signers;
  const all = (files: readonly string[]): string[] => files.map((name) => resolve(root, name));
  const listed = Array.isArray(wanted) ? wanted : keys;
  const trustedRoot = absolute(sigstore.trusted_root, root);
  return {
    keys: listed === null ? null : all(listed),
    certificates: certificates.roots.length === 0 ? null : { ...certificates, roots: all(certificates.roots) },
    sigstore: trustedRoot === null ? null : { trustedRoot, identities: sigstore.identities },
  };
}

function absolute(file: string | null, root: string): string | null {
  return file === null ? null : resolve(root, file);
}
