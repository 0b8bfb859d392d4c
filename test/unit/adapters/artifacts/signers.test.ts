import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KnownSigners } from '../../../../adapters/artifacts/known-signers.ts';
import { createSignatureJudge } from '../../../../adapters/artifacts/signature-judge.ts';
import type { ManifestFile } from '../../../../domain/registry/folder-manifest.ts';
import { contentOf, fileWith, newFolder, openFileStore } from '../../../support/artifacts.ts';

const FIXTURES = join(import.meta.dirname, '../../../fixtures/oms');
const NOBODY: KnownSigners = { keys: [], certificates: null, sigstore: null };
const WORKFLOW = {
  identity: 'https://github.com/acme/models/.github/workflows/train.yml@refs/heads/main',
  issuer: 'https://token.actions.githubusercontent.com',
};
const ADA = { identity: 'ada@example.com', issuer: 'https://accounts.example' };
/** Within the validity of the certificates that are meant to be valid. */
const NOW = new Date('2026-06-01T00:00:00Z');

const byCertificates = (root = 'root', ...identities: string[]): KnownSigners => ({
  ...NOBODY,
  certificates: { roots: [join(FIXTURES, `certificates/${root}.pem`)], identities },
});
const bySigstore = (identities = [WORKFLOW], root = 'instance'): KnownSigners => ({
  ...NOBODY,
  sigstore: { trustedRoot: join(FIXTURES, root, 'trusted_root.json'), identities },
});

interface Case {
  readonly known: KnownSigners;
  readonly isRequired?: boolean;
  readonly now?: Date;
}

function storeBy({ isRequired = true, known, now = NOW }: Case, root?: string) {
  return openFileStore(root, {
    signatures: createSignatureJudge({ isRequired, known }, { now: () => now.getTime() }),
  });
}

/** A folder with a signature in it, both from the fixtures. */
function folderWith(signature: string, model = 'model'): string {
  const folder = join(newFolder('mlops-model-'), 'model');
  cpSync(join(FIXTURES, model), folder, { recursive: true });
  fileWith(readFileSync(join(FIXTURES, signature)), folder, 'model.sig');
  return folder;
}

/** The two files that a signature of the public instance is over. */
function publicFolder(): string {
  const folder = newFolder('mlops-model-');
  for (const name of ['signme-1', 'signme-2']) fileWith(name, folder, name);
  fileWith(readFileSync(join(FIXTURES, 'public/model.sig')), folder, 'model.sig');
  return folder;
}

interface Bundle {
  mediaType: string;
  verificationMaterial: { tlogEntries: unknown[]; certificate?: unknown; x509CertificateChain?: unknown };
  dsseEnvelope: { payload: string; signatures: { sig: string }[] };
}

const bundleOf = (name: string): Bundle => JSON.parse(readFileSync(join(FIXTURES, name), 'utf8')) as Bundle;

function payloadOf(text: string): string {
  return (JSON.parse(text) as Bundle).dsseEnvelope.payload;
}

/** A folder whose signature was changed. */
function tampered(signature: string, change: (bundle: Bundle) => void): string {
  const folder = folderWith(signature);
  const bundle = bundleOf(signature);
  change(bundle);
  writeFileSync(join(folder, 'model.sig'), JSON.stringify(bundle));
  return folder;
}

/** Who has signed a folder; the problem when it is refused. */
async function signerOf(folder: string, known: KnownSigners, more: Partial<Case> = {}): Promise<string> {
  const { isRequired = true, now = NOW } = more;
  const judge = createSignatureJudge({ isRequired, known }, { now: () => now.getTime() });
  const files = filesIn(folder);
  const { problem, signer } = await judge.judge({
    files,
    signature: readFileSync(join(folder, 'model.sig'), 'utf8'),
    digest: async () => await Promise.reject(new Error('no file needs to be read')),
  });
  return problem ?? signer ?? 'nobody';
}

/** The same as it was stored. */
async function signerOfStored(folder: string, known: KnownSigners, more: Partial<Case> = {}): Promise<string> {
  const { store } = storeBy({ known, ...more });
  const ref = await store.put(folder).catch((error: unknown) => error as Error);
  if (ref instanceof Error) return ref.message.replace(/^.*not signed as it must be: /, '');
  const { signer } = await store.verify(ref.digest);
  expect(await store.signerOf(ref)).toBe(signer);
  return signer ?? 'nobody';
}

function filesIn(folder: string): ManifestFile[] {
  return Object.entries(contentOf(folder)).map(([path, hex]) => {
    const content = Buffer.from(hex, 'hex');
    return { path, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
  });
}

describe('a signature by a certificate', () => {
  it.each([
    ['right', 'certificate of ada@example.com, spiffe://acme/ada'],
    ['with-root', 'certificate of ada@example.com, spiffe://acme/ada'],
    ['p384', 'certificate of ada@example.com, spiffe://acme/ada'],
    ['rsa-issuer', 'certificate of ada@example.com, spiffe://acme/ada'],
    ['no-alternative-name', 'certificate of Ada of Acme'],
    ['expired', /^its certificate: it was valid until 2026-01-02T00:00:00\.000Z$/],
    ['expired-issuer', /^its certificate: it was valid until 2025-12-31T/],
    ['other-root', /^its certificate: it does not lead to a root that counts$/],
    ['no-issuer', /^its certificate: it does not lead to a root that counts$/],
    ['self-signed', /^its certificate: it does not lead to a root that counts$/],
    ['not-for-signing', /^its certificate: its key is not for signatures$/],
    ['for-servers', /^its certificate: it is not for signing code$/],
    ['no-usage', /^its certificate: it does not say what it is for/],
    ['issuer-is-no-ca', /^its certificate: a certificate above it may not issue certificates$/],
    ['issuer-may-not-issue', /^its certificate: (a certificate above it may not issue|it does not lead to a root)/],
    ['too-deep', /^its certificate: a certificate above it has more certificates below it than it may$/],
    ['constrained-names', /^its certificate: its extension 2\.5\.29\.30 is not supported$/],
    ['issuer-for-servers', /^its certificate: a certificate above it is not for signing code$/],
    ['unknown-and-critical', /^its certificate: its extension 1\.3\.6\.1\.4\.1\.99999\.1 is not supported$/],
    ['weak-issuer', /^its certificate: its key has 1024 bits, wanted 2048 or more$/],
  ])('is by who the roots vouch for: %s', async (name, answer) => {
    const folder = folderWith(`certificates/${name}.sig`);
    const found = await signerOf(folder, byCertificates());
    if (typeof answer === 'string') expect(found).toBe(answer);
    else expect(found).toMatch(answer);
    // Where none is demanded it must be right all the same, as roots are known.
    expect(await signerOf(folder, byCertificates(), { isRequired: false })).toBe(found);
  });

  it('may be by a certificate that is itself a root', async () => {
    const folder = folderWith('certificates/self-signed.sig');
    expect(await signerOf(folder, byCertificates('self-signed'))).toMatch(/^certificate of ada@/);
  });

  it('is by somebody who counts, where it is said who does', async () => {
    const folder = folderWith('certificates/right.sig');
    expect(await signerOf(folder, byCertificates('root', 'bob@example.com', 'spiffe://acme/ada'))).toMatch(/^certif/);
    const others = byCertificates('root', 'bob@example.com', 'ADA@example.com', 'ada@example.com.org');
    expect(await signerOf(folder, others)).toBe('its certificate has none of the 3 names that count');
  });

  it('counts as long as its certificates are valid', async () => {
    const folder = folderWith('certificates/right.sig');
    const at = async (now: string) => await signerOf(folder, byCertificates(), { now: new Date(now) });
    expect(await at('2035-12-31T23:59:59Z')).toMatch(/^certificate of/);
    expect(await at('2036-01-01T00:00:01Z')).toMatch(/it was valid until 2036-01-01/);
    expect(await at('2025-12-31T23:59:59Z')).toMatch(/it begins to be valid on 2026-01-01/);
    const { root, store } = storeBy({ known: byCertificates() });
    const { digest } = await store.put(folder);
    const later = storeBy({ known: byCertificates(), now: new Date('2040-01-01') }, root);
    expect(await later.store.verify(digest)).toMatchObject({ ok: false, signer: null });
  });

  it('is over these files, by the key of the certificate', async () => {
    const changed = folderWith('certificates/right.sig');
    fileWith('other weights', changed, 'weights.bin');
    expect(await signerOfStored(changed, byCertificates())).toBe('file weights.bin is not the one that was signed');
    const more = folderWith('certificates/right.sig');
    fileWith('x', more, 'more');
    expect(await signerOf(more, byCertificates())).toBe('file more is not signed');
    const [sig = { sig: '' }] = bundleOf('certificates/with-root.sig').dsseEnvelope.signatures;
    const other = tampered('certificates/right.sig', ({ dsseEnvelope }) => (dsseEnvelope.signatures = [sig]));
    expect(await signerOf(other, byCertificates())).toBe('its signature is not right');
  });

  it('is not looked at where no root is known, and not enough where a signature is demanded', async () => {
    const folder = folderWith('certificates/other-root.sig');
    expect(await signerOf(folder, NOBODY, { isRequired: false })).toBe('nobody');
    expect(await signerOf(folder, NOBODY)).toBe('it is signed by a certificate, and no root of certificates counts');
  });
});

describe('a signature by Sigstore', () => {
  it('of the public instance, made by the reference implementation, says who signed and who vouches for it', async () => {
    const signer = { identity: 'stefanb@us.ibm.com', issuer: 'https://sigstore.verify.ibm.com/oauth2' };
    expect(await signerOfStored(publicFolder(), bySigstore([WORKFLOW, signer], 'public'))).toBe(
      'stefanb@us.ibm.com by https://sigstore.verify.ibm.com/oauth2',
    );
    expect(await signerOf(publicFolder(), bySigstore([signer], 'instance'))).toMatch(/^Sigstore: /);
  });

  it.each([
    ['workflow', [WORKFLOW], `${WORKFLOW.identity} by ${WORKFLOW.issuer}`],
    ['ada', [WORKFLOW, ADA], 'ada@example.com by https://accounts.example'],
    ['workflow', [ADA], /^Sigstore names none of the 1 identities that count as its signer$/],
    ['workflow', [{ ...WORKFLOW, issuer: ADA.issuer }], /^Sigstore names none of/],
    ['workflow', [{ ...WORKFLOW, identity: '.*' }], /^Sigstore names none of/],
    ['workflow', [{ ...WORKFLOW, identity: WORKFLOW.identity.slice(0, -1) }], /^Sigstore names none of/],
    // Identity of one, issuer of another
    ['ada', [WORKFLOW, { ...ADA, issuer: 'https://x.example' }, { ...ADA, identity: 'b@x' }], /^Sigstore names none/],
    ['expired', [WORKFLOW], /^Sigstore: Failed to verify certificate chain: .*expired at the specified date$/],
    ['not-logged', [WORKFLOW], /^Sigstore: expected 1 SCTs, got 0$/],
    ['for-servers', [WORKFLOW], /^its certificate: it is not for signing code$/],
  ])('is by an identity and an issuer that count: %s for %j', async (name, identities, answer) => {
    const folder = folderWith(`instance/${name}.sig`);
    const found = await signerOf(folder, bySigstore(identities));
    if (typeof answer === 'string') expect(found).toBe(answer);
    else expect(found).toMatch(answer);
    expect(await signerOf(folder, bySigstore(identities), { isRequired: false })).toBe(found);
    // It is judged by the time of its log, not by ours.
    expect(await signerOf(folder, bySigstore(identities), { now: new Date('2050-01-01') })).toBe(found);
  });

  it.each<[string, RegExp, (bundle: Bundle) => void]>([
    ['no log entry', /^Sigstore: /, ({ verificationMaterial }) => (verificationMaterial.tlogEntries = [])],
    [
      'the log entry of another signature',
      /^Sigstore: .*mismatch/,
      ({ verificationMaterial }) =>
        (verificationMaterial.tlogEntries = bundleOf('instance/ada.sig').verificationMaterial.tlogEntries),
    ],
    [
      'a log entry twice',
      /^Sigstore: duplicate/,
      ({ verificationMaterial }) =>
        (verificationMaterial.tlogEntries = [0, 1].flatMap(() => verificationMaterial.tlogEntries)),
    ],
    [
      'another time in its log entry',
      /^Sigstore: inclusion promise could not be verified$/,
      ({ verificationMaterial: { tlogEntries } }) => {
        const [entry] = tlogEntries as { integratedTime: string }[];
        if (entry !== undefined) entry.integratedTime = String(Number(entry.integratedTime) + 1);
      },
    ],
    [
      'neither promise nor proof of its log entry',
      /^Sigstore: /,
      ({ verificationMaterial: { tlogEntries } }) => {
        const [entry] = tlogEntries as { inclusionPromise?: unknown; inclusionProof?: unknown }[];
        delete entry?.inclusionPromise;
        delete entry?.inclusionProof;
      },
    ],
    [
      'no time that anybody vouches for',
      /^Sigstore: expected 1 timestamps, got 0$/,
      ({ verificationMaterial: { tlogEntries } }) => {
        const [entry] = tlogEntries as { inclusionPromise?: unknown }[];
        delete entry?.inclusionPromise;
      },
    ],
    [
      'the certificate of another',
      /^Sigstore: /,
      ({ verificationMaterial }) =>
        (verificationMaterial.certificate = bundleOf('instance/ada.sig').verificationMaterial.certificate),
    ],
    [
      'another signature',
      /^Sigstore: .*mismatch/,
      ({ dsseEnvelope }) => (dsseEnvelope.signatures = bundleOf('instance/ada.sig').dsseEnvelope.signatures),
    ],
    [
      'another statement',
      /^Sigstore: DSSE payload hash mismatch$/,
      ({ dsseEnvelope }) => {
        const text = Buffer.from(dsseEnvelope.payload, 'base64').toString().replace('"model"', '"other"');
        dsseEnvelope.payload = Buffer.from(text).toString('base64');
      },
    ],
    [
      'two signatures',
      /^model\.sig: it has more than one signature$/,
      ({ dsseEnvelope }) => dsseEnvelope.signatures.push({ sig: 'AA==' }),
    ],
  ])('is refused with %s', async (_what, problem, change) => {
    const folder = tampered('instance/workflow.sig', change);
    for (const isRequired of [true, false])
      expect(await signerOf(folder, bySigstore([WORKFLOW, ADA]), { isRequired })).toMatch(problem);
  });

  it.each(['0.1', '0.2'])('may be in a bundle of the older form %s, with a chain', async (version) => {
    const folder = tampered('instance/workflow.sig', (bundle) => {
      const { certificate, ...others } = bundle.verificationMaterial;
      bundle.mediaType = `application/vnd.dev.sigstore.bundle+json;version=${version}`;
      bundle.verificationMaterial = { ...others, x509CertificateChain: { certificates: [certificate] } };
    });
    expect(await signerOf(folder, bySigstore())).toBe(`${WORKFLOW.identity} by ${WORKFLOW.issuer}`);
    // Without its log entry it would be one by a certificate of our own, which no root of ours vouches for.
    const stripped = JSON.parse(readFileSync(join(folder, 'model.sig'), 'utf8')) as Bundle;
    stripped.verificationMaterial.tlogEntries = [];
    writeFileSync(join(folder, 'model.sig'), JSON.stringify(stripped));
    const both = { ...byCertificates(), sigstore: bySigstore().sigstore };
    expect(await signerOf(folder, both)).toMatch(/^its certificate: /);
  });

  it('is over these files', async () => {
    const folder = folderWith('instance/workflow.sig');
    fileWith('other weights', folder, 'weights.bin');
    expect(await signerOf(folder, bySigstore())).toBe('file weights.bin is not the one that was signed');
  });

  it('is not looked at where no instance is known, and not enough where a signature is demanded', async () => {
    const folder = folderWith('instance/expired.sig');
    expect(await signerOf(folder, NOBODY, { isRequired: false })).toBe('nobody');
    expect(await signerOf(folder, byCertificates())).toBe('it is signed by Sigstore, and nobody who signs so counts');
  });
});

describe('a signature with any character changed', () => {
  it.each([
    ['certificates/right.sig', byCertificates()],
    ['instance/workflow.sig', bySigstore()],
    ['p384.sig', { ...NOBODY, keys: [join(FIXTURES, 'p384.pub')] }],
  ])('is refused, or says the same of the same files: %s', async (name, known) => {
    const folder = folderWith(name);
    const text = readFileSync(join(FIXTURES, name), 'utf8');
    const signer = await signerOf(folder, known);
    const place = fc.tuple(
      fc.nat({ max: text.length - 1 }),
      fc.constantFrom('A', 'z', '0', '+', '/', '=', '"', ':', ',', '{', ']', '\\', ' '),
    );
    await fc.assert(
      fc.asyncProperty(place, async ([at, character]) => {
        const changed = text.slice(0, at) + character + text.slice(at + 1);
        writeFileSync(join(folder, 'model.sig'), changed);
        const found = await signerOf(folder, known);
        if (found === signer) expect(payloadOf(changed)).toBe(payloadOf(text));
        else expect(found).not.toMatch(/^(key|certificate of|https:)/);
      }),
      { numRuns: 80 },
    );
  });
});

describe('a signature whose content must be read', () => {
  const known: KnownSigners = { ...NOBODY, keys: [join(FIXTURES, 'contents/key.pub')] };

  it.each(['shards', 'blake2-shards', 'blake2'])('by %s is verified byte for byte', async (name) => {
    const signature = `contents/${name}.sig`;
    expect(await signerOfStored(folderWith(signature, 'contents/model'), known)).toBe('key key');
    const weights = readFileSync(join(FIXTURES, 'contents/model/weights.bin'));
    for (const at of [0, 299, 300, 999]) {
      const folder = folderWith(signature, 'contents/model');
      const changed = Buffer.from(weights);
      changed[at] = (changed[at] ?? 0) ^ 1;
      fileWith(changed, folder, 'weights.bin');
      expect(await signerOfStored(folder, known)).toBe('file weights.bin is not the one that was signed');
      expect(await signerOfStored(folder, NOBODY, { isRequired: false }), 'by a key that nobody knows').toMatch(
        /^file wei/,
      );
    }
  });

  it('is judged again when it is verified, and says what it cannot read', async () => {
    const { root, store } = storeBy({ known });
    const ref = await store.put(folderWith('contents/shards.sig', 'contents/model'));
    expect(await storeBy({ known: NOBODY, isRequired: false }, root).store.verify(ref.digest)).toMatchObject({
      ok: true,
      signer: null,
    });
    expect(await storeBy({ known: NOBODY }, root).store.signerOf(ref)).toBeNull();
  });

  it('by BLAKE3 is refused where one is demanded', async () => {
    const folder = folderWith('contents/blake3.sig', 'contents/model');
    expect(await signerOfStored(folder, known)).toMatch(/over files by blake3, supported are files and shards/);
    expect(await signerOfStored(folder, known, { isRequired: false })).toBe('nobody');
  });
});

describe('what signers are known by', () => {
  const rootFile = (content: string): string => fileWith(content, newFolder(), 'root');
  const withRoot = (file: string): KnownSigners => ({ ...NOBODY, certificates: { roots: [file], identities: [] } });
  const withTrusted = (file: string): KnownSigners => ({
    ...NOBODY,
    sigstore: { trustedRoot: file, identities: [WORKFLOW] },
  });
  const trusted = JSON.parse(readFileSync(join(FIXTURES, 'instance/trusted_root.json'), 'utf8')) as object;

  it.each<[string, KnownSigners, RegExp]>([
    ['a root that is not there', withRoot('/none.pem'), /there is no file/],
    ['a root that is none', withRoot(rootFile('x')), /it holds no certificate/],
    ['a root that is broken', withRoot(rootFile('-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----')), /./],
    ['no trusted root', withTrusted('/none.json'), /there is no file/],
    ['a trusted root that is no JSON', withTrusted(rootFile('{')), /JSON/],
    [
      'a trusted root of another type',
      withTrusted(rootFile('{"mediaType":"x"}')),
      /of type "x", wanted a trusted root/,
    ],
    [
      'a trusted root without logs of certificates',
      withTrusted(rootFile(JSON.stringify({ ...trusted, ctlogs: [] }))),
      /wanted a certificate authority, a log of certificates and a log of signatures/,
    ],
  ])('is refused with %s', async (_what, known, problem) => {
    const refused = { code: 'SIGNER_ROOT_INVALID', exitCode: 2, message: expect.stringMatching(problem) as string };
    await expect(createSignatureJudge({ isRequired: false, known }).probe()).rejects.toMatchObject(refused);
    const signature = known.sigstore === null ? 'certificates/right.sig' : 'instance/workflow.sig';
    await expect(storeBy({ known, isRequired: false }).store.put(folderWith(signature))).rejects.toMatchObject(refused);
  });

  it('is found well when it can be used', async () => {
    const folder = join(newFolder(), 'keys');
    mkdirSync(folder);
    const known = { ...byCertificates(), sigstore: bySigstore().sigstore, keys: { folder } };
    await createSignatureJudge({ isRequired: true, known }).probe();
  });
});
