import { expect, it } from 'vitest';
import { MlopsError } from '../../../domain/errors.ts';
import { riskAsSeen, riskWithSignature } from '../../../workers/signed-risk.ts';
import { createOrder, DIGEST } from '../../support/approvals.ts';

const { risk } = createOrder();
const SHOWN = { artifact: { digest: DIGEST.a, files: 2 }, risk };
const signatures = (look: () => string | null) => ({ signerOf: async () => await Promise.resolve().then(look) });
const away = signatures(() => {
  throw new MlopsError('ARTIFACT_STORE_UNUSABLE', { store: 'the store', problem: 'it is away' });
});

it('says of an artifact whether it is signed, and nothing where there is none to sign', async () => {
  for (const signer of ['key ada', null]) {
    const found = await riskAsSeen(
      signatures(() => signer),
      SHOWN,
    );
    expect(found).toEqual({ ...risk, signed: signer !== null });
  }
  expect(await riskWithSignature(away, { ...SHOWN, artifact: null })).toEqual({ ...risk, signed: null });
});

it('takes one that cannot be looked at for unsigned when it is asked for, and for no news after', async () => {
  expect(await riskWithSignature(away, SHOWN)).toEqual({ ...risk, signed: false });
  expect(await riskAsSeen(away, SHOWN)).toBeNull();
  const broken = signatures(() => {
    throw new Error('ours');
  });
  await expect(riskAsSeen(broken, SHOWN)).rejects.toThrow('ours');
});
