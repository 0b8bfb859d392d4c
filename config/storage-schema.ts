import { z } from 'zod';

const file = z.string().min(1).nullable();
const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._/-]*$/, {
  error: 'wanted letters, digits, ".", "_", "/" and "-", beginning with a letter or a digit',
});
/** A secret goes there: without encryption no further than this machine. */
const secretUrl = z
  .url()
  .refine(isPrivate, { error: 'wanted https, or http to this machine (127.0.0.1, localhost, ::1)' })
  .nullable();

/** `keys` of config/governance.yaml */
export const KEYS_SECTION = z
  .strictObject({
    provider: z
      .enum(['file', 'environment', 'vault'])
      .describe(
        'Where the wrapping keys are: `file` (.mlops/keys), `environment` (MLOPS_WRAPPING_KEYS), or `vault` (the transit engine of Vault or OpenBao)',
      ),
    vault: z.strictObject({
      address: secretUrl.describe('Base URL of the Vault server'),
      mount: name.describe('Path of its transit engine'),
      key: name.describe('Name of the key there, of a type that encrypts and is not derived'),
      token_file: file.describe('File with the token, read at every request; null: VAULT_TOKEN of the environment'),
      namespace: z.string().min(1).nullable().describe('Namespace, where the server has some'),
    }),
  })
  .refine(({ provider, vault }) => provider !== 'vault' || vault.address !== null, {
    path: ['vault', 'address'],
    error: 'wanted the URL of the Vault server, for provider vault',
  })
  .describe('Keys that wrap those of ledger and artifacts');

/** `artifacts` of config/governance.yaml */
export const ARTIFACTS_SECTION = z
  .strictObject({
    store: z.enum(['files', 's3']).describe('Where artifacts are kept: `files` (.mlops/artifacts), or `s3` (a bucket)'),
    s3: z.strictObject({
      endpoint: secretUrl.describe('Base URL of the S3-compatible server'),
      region: z.string().min(1).describe('Region that requests are signed for'),
      bucket: z
        .string()
        .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, { error: 'wanted 3 to 63 small letters, digits, "." and "-"' })
        .nullable()
        .describe('Bucket, which is there already'),
      prefix: z
        .string()
        .regex(/^([A-Za-z0-9._-]+\/)*$/, { error: 'wanted names, each ended by "/"' })
        .describe('What the names of objects begin with: empty, or `team/`'),
      credentials_file: file.describe(
        'File in the form of ~/.aws/credentials, profile `default`; null: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of the environment',
      ),
    }),
    require_signature: z
      .union([z.enum(['none', 'any']), z.array(z.string().min(1)).min(1)])
      .describe(
        'OMS signature of an artifact (`model.sig` in its folder): `none` verifies one that is there, `any` wants one by a key of .mlops/keys/artifact-signers, a list of public key files wants one by one of these keys',
      ),
  })
  .refine(({ store, s3 }) => store !== 's3' || s3.endpoint !== null, {
    path: ['s3', 'endpoint'],
    error: 'wanted the URL of the S3-compatible server, for store s3',
  })
  .refine(({ store, s3 }) => store !== 's3' || s3.bucket !== null, {
    path: ['s3', 'bucket'],
    error: 'wanted the name of a bucket, for store s3',
  })
  .describe('The artifact store');

function isPrivate(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { hostname, protocol } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(hostname));
}
