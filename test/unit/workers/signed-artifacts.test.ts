import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadConfig } from '../../../config/load.ts';
import { composeArtifacts } from '../../../workers/artifacts.ts';
import { fileWith, newFolder } from '../../support/artifacts.ts';

const FIXTURES = join(import.meta.dirname, '../../fixtures/oms');
const SIGNERS = `
  require_signature: any
  signers:
    sigstore:
      trusted_root: trusted_root.json
      identities:
        - identity: https://github.com/acme/models/.github/workflows/train.yml@refs/heads/main
          issuer: https://token.actions.githubusercontent.com`;

/** The store of a project, by what its configuration says. */
async function storeOf(artifacts: string, trustedRoot = readFileSync(join(FIXTURES, 'instance/trusted_root.json'))) {
  const root = newFolder('mlops-project-');
  mkdirSync(join(root, 'config'));
  fileWith(trustedRoot, root, 'trusted_root.json');
  mkdirSync(join(root, '.mlops/keys/artifact-signers'), { recursive: true });
  cpSync(join(FIXTURES, 'p256.pub'), join(root, '.mlops/keys/artifact-signers/ada.pub'));
  writeFileSync(join(root, 'config/governance.yaml'), `keys:\n  provider: environment\nartifacts:${artifacts}\n`);
  return await composeArtifacts(loadConfig({ env: {}, workingDirectory: root }).config);
}

function modelSignedBy(signature: string): string {
  const folder = newFolder('mlops-model-');
  cpSync(join(FIXTURES, 'model'), folder, { recursive: true });
  cpSync(join(FIXTURES, signature), join(folder, 'model.sig'));
  return folder;
}

describe('the artifacts of a project whose configuration demands signatures', () => {
  beforeAll(() => void vi.stubEnv('MLOPS_WRAPPING_KEYS', `k1:${Buffer.alloc(32, 1).toString('base64')}`));
  afterAll(() => void vi.unstubAllEnvs());

  it('are signed by a key of the state directory, or by Sigstore for who is named, and by nobody else', async () => {
    const artifacts = await storeOf(SIGNERS);
    const { store } = artifacts;
    await artifacts.probe();
    const byKey = await store.put(modelSignedBy('p256.sig'));
    expect(await store.verify(byKey.digest)).toMatchObject({ ok: true, signer: 'key ada' });
    const byWorkflow = await store.put(modelSignedBy('instance/workflow.sig'));
    expect(await store.signerOf(byWorkflow)).toMatch(/train\.yml@refs\/heads\/main by https:\/\/token\.actions/);
    for (const other of ['p384.sig', 'instance/ada.sig', 'certificates/right.sig'])
      await expect(store.put(modelSignedBy(other))).rejects.toMatchObject({ code: 'ARTIFACT_SIGNATURE_REFUSED' });
  });

  it('are found wanting by the doctor when a trusted root cannot be used', async () => {
    const artifacts = await storeOf(SIGNERS, Buffer.from('{}'));
    await expect(artifacts.probe()).rejects.toMatchObject({ code: 'SIGNER_ROOT_INVALID' });
  });
});
