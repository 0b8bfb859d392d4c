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

const files = z.array(z.string().min(1)).min(1);

/** `artifacts.signers` of config/governance.yaml */
const SIGNERS = z
  .strictObject({
    keys: files
      .nullable()
      .describe('Public key files of known signers; null: the files *.pub of .mlops/keys/artifact-signers'),
    certificates: z
      .strictObject({
        roots: z
          .array(z.string().min(1))
          .describe('Files (PEM) with the certificates that vouch for those of signers; none: no certificate is known'),
        identities: z
          .array(z.string().min(1))
          .describe(
            'Mail addresses, URIs or host names of which the certificate of a signer must have one; none: anybody the roots vouch for',
          ),
      })
      .refine(({ identities, roots }) => identities.length === 0 || roots.length > 0, {
        path: ['roots'],
        error: 'wanted the root certificates that vouch for these identities',
      }),
    sigstore: z
      .strictObject({
        trusted_root: file.describe(
          'File trusted_root.json of the Sigstore instance; null: no signature by Sigstore is known',
        ),
        identities: z
          .array(
            z.strictObject({
              identity: z.string().min(1).describe('Mail address, or URI of a workflow, as the certificate has it'),
              issuer: z.url().describe('Who has vouched for it'),
            }),
          )
          .describe('Who may sign by Sigstore; anybody can have it sign, so it must be said'),
      })
      .refine(({ identities, trusted_root: root }) => root === null || identities.length > 0, {
        path: ['identities'],
        error: 'wanted at least one {identity, issuer}, for anybody can have Sigstore sign',
      })
      .refine(({ identities, trusted_root: root }) => root !== null || identities.length === 0, {
        path: ['trusted_root'],
        error: 'wanted the trusted_root.json of the Sigstore instance that vouches for these identities',
      }),
  })
  .describe('Whose signatures of artifacts are known');

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
      .union([z.enum(['none', 'any']), files])
      .describe(
        'OMS signature of an artifact (`model.sig` in its folder): `none` verifies one that is there, `any` wants one by a known signer, a list of public key files wants one by one of these keys',
      ),
    signers: SIGNERS,
  })
  .refine(({ store, s3 }) => store !== 's3' || s3.endpoint !== null, {
    path: ['s3', 'endpoint'],
    error: 'wanted the URL of the S3-compatible server, for store s3',
  })
  .refine(({ store, s3 }) => store !== 's3' || s3.bucket !== null, {
    path: ['s3', 'bucket'],
    error: 'wanted the name of a bucket, for store s3',
  })
  .refine(({ require_signature: wanted, signers }) => !Array.isArray(wanted) || isNobody(signers), {
    path: ['require_signature'],
    error: 'wanted any, where artifacts.signers says who counts',
  })
  .describe('The artifact store');

function isNobody({ certificates, keys, sigstore }: z.infer<typeof SIGNERS>): boolean {
  return keys === null && certificates.roots.length === 0 && sigstore.trusted_root === null;
}

function isPrivate(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { hostname, protocol } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(hostname));
}
