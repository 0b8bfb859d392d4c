import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig, loadWhatIsValid } from '../../../config/load.ts';

function load(governance: string, env: Record<string, string> = {}) {
  const root = mkdtempSync(join(tmpdir(), 'mlops-config-'));
  mkdirSync(join(root, 'config'));
  writeFileSync(join(root, 'config/governance.yaml'), governance);
  return { root, ...loadConfig({ env, workingDirectory: root }) };
}

const S3 = 'endpoint: https://s3.example, bucket: our-models';

describe('where keys and artifacts are', () => {
  it('is this machine, unless the files say otherwise', () => {
    const { config } = load('');
    expect(config.keys).toEqual({ provider: 'file' });
    expect(config.artifacts).toEqual({ s3: null, requireSignature: 'none' });
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
      requireSignature: [join(root, 'a.pub')],
    });
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
