import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig, loadWhatIsValid } from '../../../config/load.ts';

/** Files that a project has, by their kind. */
const FILES: Readonly<Record<string, string>> = { pub: 'a.pub', pem: 'root.pem', json: 'trusted.json' };

/** Loads a project that has files for signers to be known by. */
function load(governance: string, env: Record<string, string> = {}) {
  const root = mkdtempSync(join(tmpdir(), 'mlops-config-'));
  mkdirSync(join(root, 'config'));
  for (const name of Object.values(FILES)) writeFileSync(join(root, name), '');
  writeFileSync(join(root, 'config/governance.yaml'), governance);
  return { root, ...loadConfig({ env, workingDirectory: root }) };
}

const S3 = 'endpoint: https://s3.example, bucket: our-models';

describe('where keys and artifacts are', () => {
  it('is this machine, unless the files say otherwise', () => {
    const { config } = load('');
    expect(config.keys).toEqual({ provider: 'file' });
    expect(config.artifacts).toEqual({
      s3: null,
      isSignatureRequired: false,
      signers: { keys: null, certificates: null, sigstore: null },
    });
  });

  it('has absolute paths', () => {
    const { config, root } = load(
      `keys: { provider: vault, vault: { address: "https://v:8200", token_file: t } }\nartifacts: { store: s3, s3: { ${S3}, credentials_file: c }, require_signature: [a.pub] }`,
    );
    expect(config.keys).toMatchObject({
      vault: { tokenFile: join(root, 't'), mount: 'transit', key: 'durable-mlops' },
    });
    expect(config.artifacts).toMatchObject({
      s3: { credentialsFile: join(root, 'c') },
      isSignatureRequired: true,
      signers: { keys: [join(root, 'a.pub')], certificates: null, sigstore: null },
    });
  });

  it('knows who may sign, by keys, certificates and Sigstore, demanded or not', () => {
    const ada = { identity: 'ada@example.com', issuer: 'https://accounts.example' };
    const signers = `{ keys: [a.pub], certificates: { roots: [root.pem], identities: [ada] }, sigstore: { trusted_root: trusted.json, identities: [${JSON.stringify(ada)}] } }`;
    for (const wanted of ['none', 'any']) {
      const { config, root } = load(`artifacts: { require_signature: ${wanted}, signers: ${signers} }`);
      expect(config.artifacts).toEqual({
        s3: null,
        isSignatureRequired: wanted === 'any',
        signers: {
          keys: [join(root, 'a.pub')],
          certificates: { roots: [join(root, 'root.pem')], identities: ['ada'] },
          sigstore: { trustedRoot: join(root, 'trusted.json'), identities: [ada] },
        },
      });
    }
  });

  it('are what the guide to signatures says', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/how-to/demand-signatures.md'), 'utf8');
    const [, example = ''] = /```yaml\n([^`]+)```/.exec(page) ?? [];
    const missing = /"keys\/ada\.pub", wanted a file.*"keys\/acme-root\.pem".*"keys\/trusted_root\.json", wanted/s;
    expect(() => load(example)).toThrow(missing);
    const { config } = load(example.replace(/keys\/[a-z_-]+\.(pub|pem|json)/g, (_, kind: string) => FILES[kind] ?? ''));
    expect(config.artifacts).toMatchObject({
      isSignatureRequired: true,
      signers: { certificates: { identities: ['ada@example.com', 'spiffe://acme/trainer'] } },
    });
    expect(config.artifacts.signers.sigstore?.identities).toHaveLength(1);
  });

  it.each([
    ['keys: { provider: vault }', /keys\.vault\.address: null, wanted the URL of the Vault server, for provider vault/],
    ['keys: { provider: vault, vault: { address: "http://vault.example" } }', /wanted https, or http to this machine/],
    ['artifacts: { store: s3, s3: { bucket: our-models } }', /artifacts\.s3\.endpoint: null, wanted the URL/],
    [
      'artifacts: { store: s3, s3: { endpoint: "https://s3.example" } }',
      /artifacts\.s3\.bucket: null, wanted the name of a bucket/,
    ],
    [`artifacts: { s3: { ${S3}, prefix: "../x" } }`, /wanted names, each ended by "\/"/],
    [`artifacts: { s3: { endpoint: "http://s3.example" } }`, /wanted https, or http to this machine/],
    ['artifacts: { store: ftp }', /wanted one of files, s3/],
    ['artifacts: { require_signature: [] }', /require_signature/],
    [
      'artifacts: { require_signature: [none.pub] }',
      /yaml:1: artifacts\.require_signature: "none\.pub", wanted a file/,
    ],
    ['artifacts: { signers: { keys: [none.pub] } }', /signers\.keys: "none\.pub", wanted a file that is there/],
    [
      'artifacts: { signers: { certificates: { roots: [root.pem, none.pem] } } }',
      /certificates\.roots: "none\.pem", wanted a file that is there/,
    ],
    [
      'artifacts: { signers: { certificates: { identities: [ada] } } }',
      /certificates\.roots: .*wanted the root certificates that vouch for these identities/,
    ],
    [
      'artifacts: { signers: { sigstore: { trusted_root: trusted.json } } }',
      /sigstore\.identities: .*wanted at least one \{identity, issuer\}, for anybody can have Sigstore sign/,
    ],
    [
      'artifacts: { signers: { sigstore: { identities: [{ identity: ada, issuer: "https://x.example" }] } } }',
      /sigstore\.trusted_root: null, wanted the trusted_root\.json/,
    ],
    [
      'artifacts: { signers: { sigstore: { trusted_root: none.json, identities: [{ identity: ada, issuer: "https://x.example" }] } } }',
      /sigstore\.trusted_root: "none\.json", wanted a file that is there/,
    ],
    [
      'artifacts: { signers: { sigstore: { trusted_root: trusted.json, identities: [{ identity: ada }] } } }',
      /sigstore\.identities\.0\.issuer/,
    ],
    [
      'artifacts: { require_signature: [a.pub], signers: { certificates: { roots: [root.pem] } } }',
      /require_signature: .*wanted any, where artifacts\.signers says who counts/,
    ],
    ['keys: { provider: files }', /wanted one of file, environment, vault; the nearest is file/],
  ])('is refused as %s', (text, problem) => {
    expect(() => load(text)).toThrow(problem);
  });

  it('goes on without what is not valid', () => {
    const root = mkdtempSync(join(tmpdir(), 'mlops-config-'));
    mkdirSync(join(root, 'config'));
    writeFileSync(join(root, 'config/governance.yaml'), 'keys: { provider: vault }\n');
    expect(loadWhatIsValid({ env: {}, workingDirectory: root }).config.keys).toEqual({ provider: 'file' });
  });

  it('shows no secret when the environment is wrong', () => {
    expect(() => load('', { MLOPS_WRAPPING_KEYS: 'k1:secret-of-mine' })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('secret-of-mine') }),
    );
    expect(() => load('', { MLOPS_WRAPPING_KEYS: 'k1:secret-of-mine' })).toThrow(
      /MLOPS_WRAPPING_KEYS: "\(hidden\)", wanted id:base64/,
    );
    expect(() => load('', { AWS_ACCESS_KEY_ID: '', VAULT_TOKEN: '' })).not.toThrow();
  });
});
