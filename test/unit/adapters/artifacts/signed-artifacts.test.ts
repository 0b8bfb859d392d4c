import { generateKeyPairSync } from 'node:crypto';
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createSignatureJudge } from '../../../../adapters/artifacts/signature-judge.ts';
import { contentOf, fileWith, newFolder, openFileStore } from '../../../support/artifacts.ts';

const FIXTURES = join(import.meta.dirname, '../../../fixtures/oms');
const keyFile = (name: string): string => join(FIXTURES, `${name}.pub`);

/** The folder that was signed, with a signature in it. */
function signedFolder(signature: string | null, change: (folder: string) => void = () => undefined): string {
  const folder = join(newFolder('mlops-model-'), 'model');
  cpSync(join(FIXTURES, 'model'), folder, { recursive: true });
  if (signature !== null) copyFileSync(join(FIXTURES, signature), join(folder, 'model.sig'));
  change(folder);
  return folder;
}

function keyFolderWith(...names: string[]): string {
  const folder = join(newFolder(), 'artifact-signers');
  mkdirSync(folder);
  for (const name of names) copyFileSync(keyFile(name), join(folder, `${name}.pub`));
  return folder;
}

const storeBy = (policy: 'none' | 'any' | string[], folder = '/nowhere', root?: string) => {
  const keys = typeof policy === 'string' ? { folder } : policy;
  const known = { keys, certificates: null, sigstore: null };
  return openFileStore(root, { signatures: createSignatureJudge({ isRequired: policy !== 'none', known }) });
};
const change = (folder: string): void => writeFileSync(join(folder, 'weights.bin'), 'other weights');

describe('who has signed an artifact', () => {
  const signerOf = async (policy: 'none' | 'any' | string[], source: string): Promise<string | null> => {
    // Stored where nothing is demanded, judged where it is asked.
    const { root, store } = storeBy('none', keyFolderWith());
    const ref = await store.put(source);
    return await storeBy(policy, keyFolderWith('p256'), root).store.signerOf(ref);
  };

  it('is known where signatures are demanded and where they are not: by a key that is known, over what is there', async () => {
    expect(await signerOf('none', signedFolder('p256.sig'))).toBe('key p256');
    expect(await signerOf('any', signedFolder('p256.sig'))).toBe('key p256');
    expect(await signerOf([keyFile('p384')], signedFolder('p256.sig')), 'the keys that count').toBeNull();
    expect(await signerOf('none', signedFolder('p384.sig')), 'a key that nobody knows').toBeNull();
    expect(await signerOf('none', signedFolder(null)), 'no signature').toBeNull();
    expect(await signerOf('none', signedFolder('../oms/p256.pub')), 'no signature in its file').toBeNull();
    expect(await signerOf('none', fileWith('a model of one file'))).toBeNull();
  });
});

describe('a store that demands signatures', () => {
  it('takes a folder that one of the keys has signed, verified again whenever it is', async () => {
    for (const policy of [[keyFile('p521'), keyFile('p256')], 'any'] as const) {
      const { root, store } = storeBy(policy === 'any' ? 'any' : [...policy], keyFolderWith('p256'));
      const { digest } = await store.put(signedFolder('p256.sig'));
      expect(await store.verify(digest)).toMatchObject({ ok: true, problem: null, signer: 'key p256' });
      // What is demanded may change; what is stored is judged by what holds now.
      const stricter = storeBy([keyFile('p384')], '/nowhere', root);
      expect(await stricter.store.verify(digest)).toMatchObject({
        ok: false,
        problem: 'signature: it is signed by none of the 1 keys that count',
        signer: null,
      });
    }
  });

  it.each<[string, () => string, RegExp]>([
    ['no signature', () => signedFolder(null), /there is no model\.sig/],
    ['a signature by another key', () => signedFolder('p384.sig'), /by none of the 1 keys that count/],
    ['other files', () => signedFolder('p256.sig', change), /file weights\.bin is not the one that was signed/],
    [
      'more files',
      () => signedFolder('p256.sig', (folder) => fileWith('x', folder, 'more')),
      /file more is not signed/,
    ],
    ['no signature in its file', () => signedFolder('../oms/p256.pub'), /model\.sig: it is not JSON/],
    [
      'a statement that was changed',
      () =>
        signedFolder('p256.sig', (folder) => {
          const file = join(folder, 'model.sig');
          const bundle = JSON.parse(readFileSync(file, 'utf8')) as { dsseEnvelope: { payload: string } };
          const text = Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString().replace('"model"', '"other"');
          bundle.dsseEnvelope.payload = Buffer.from(text).toString('base64');
          writeFileSync(file, JSON.stringify(bundle));
        }),
      /its signature is not right/,
    ],
    ['only a file', () => fileWith('a model of one file'), /a single file has no signature/],
  ])('refuses what has %s, and stores no list of it', async (_what, make, problem) => {
    const { root, store } = storeBy([keyFile('p256')]);
    await expect(store.put(make())).rejects.toMatchObject({
      code: 'ARTIFACT_SIGNATURE_REFUSED',
      exitCode: 3,
      message: expect.stringMatching(problem),
    });
    expect(JSON.stringify(Object.keys(contentOf(root)))).not.toContain('uploads/');
  });

  it('refuses all when it knows no key, and names a key that is none', async () => {
    await expect(storeBy('any').store.put(signedFolder('p256.sig'))).rejects.toThrow(/by none of the 0 keys/);
    const { publicKey } = generateKeyPairSync('ed25519');
    const file = fileWith(publicKey.export({ format: 'pem', type: 'spki' }), newFolder(), 'ed.pub');
    await expect(storeBy([file]).store.put(signedFolder('p256.sig'))).rejects.toMatchObject({
      code: 'SIGNER_KEY_INVALID',
      message: expect.stringMatching(/of type ed25519, wanted P-256/),
    });
    await expect(storeBy(['/none.pub']).store.put(signedFolder('p256.sig'))).rejects.toMatchObject({
      code: 'SIGNER_KEY_INVALID',
    });
  });
});

describe('a store that demands no signature', () => {
  it('verifies one that is there: its files always, its key when that is known', async () => {
    await expect(storeBy('none').store.put(signedFolder('p256.sig', change))).rejects.toThrow(
      /not the one that was signed/,
    );
    expect((await storeBy('none').store.put(signedFolder('p256.sig'))).files).toBe(6);
    expect((await storeBy('none', keyFolderWith('p384')).store.put(signedFolder('p256.sig'))).files).toBe(6);
    const forged = signedFolder('p256.sig', (folder) => {
      const file = join(folder, 'model.sig');
      const bundle = JSON.parse(readFileSync(file, 'utf8')) as { dsseEnvelope: { signatures: { sig: string }[] } };
      bundle.dsseEnvelope.signatures = [{ sig: 'MAYCAQECAQE=' }];
      writeFileSync(file, JSON.stringify(bundle));
    });
    await expect(storeBy('none', keyFolderWith('p256')).store.put(forged)).rejects.toThrow(
      /its signature is not right/,
    );
  });

  it('takes what has none, or one of another kind', async () => {
    expect((await storeBy('none').store.put(signedFolder(null))).files).toBe(5);
    expect((await storeBy('none').store.put(signedFolder('p256.pub'))).files).toBe(6);
  });
});
