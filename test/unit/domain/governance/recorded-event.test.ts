import { describe, expect, it } from 'vitest';
import { problemOfRecording, unshownClaims, type RecordedEvent } from '../../../../domain/governance/recorded-event.ts';

const EVENT: RecordedEvent = {
  category: 'model_deployment',
  action: 'deploy_production',
  resource: 'rag-api-v2.1.0',
  frameworks: ['gdpr'],
  metadata: { explainable: true, region: 'eu-west', weight: 0.5, dry: false },
  evidence: { explainable: `sha256:${'a'.repeat(64)}` },
  approvalRequired: false,
};

describe('what is recorded', () => {
  it('is of codes', () => {
    expect(problemOfRecording(EVENT)).toBeNull();
  });

  it.each([
    [{ category: 'model_party' }, 'its category is model_party'],
    [{ action: 'Ada deployed it' }, 'its action is "Ada deployed it"'],
    [{ resource: '' }, 'its resource is ""'],
    [{ frameworks: ['iso9001'] }, 'its framework is iso9001'],
    [{ metadata: { 'who?': 'x' } }, 'its metadata "who?"'],
    [{ metadata: { note: 'ünïcödé, and\nmore' } }, 'its metadata "note"'],
    [{ metadata: { weight: Number.NaN } }, 'its metadata "weight"'],
    [{ evidence: { explainable: 'trust me' } }, 'its evidence for "explainable"'],
  ])('is refused with %j', (change, words) => {
    expect(problemOfRecording({ ...EVENT, ...change } as RecordedEvent)).toContain(words);
  });

  it('is a claim that nothing shows until its evidence leads to something about the resource', () => {
    const metadata = { explainable: 'yes', consent_tracked: 1, dry: false, region: 'eu-west' };
    const event = { ...EVENT, metadata };
    const [reference = ''] = Object.values(EVENT.evidence);
    const of = (resource: string) => new Map([[reference, [{ resources: [resource], event: null }]]]);
    expect(unshownClaims(event, new Map())).toEqual(['consent_tracked', 'explainable']);
    expect(unshownClaims(event, of('model/rag_api/2.1.0'))).toEqual(['consent_tracked']);
    expect(unshownClaims(event, of('model/rag_api/2.0.0'))).toEqual(['consent_tracked', 'explainable']);
    expect(unshownClaims({ ...event, evidence: {} }, of('model/rag_api/2.1.0'))).toHaveLength(2);
  });
});
