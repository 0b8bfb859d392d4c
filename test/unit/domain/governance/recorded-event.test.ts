import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import {
  jsonOfRecording,
  parseRecording,
  problemOfRecording,
  unshownClaims,
  type RecordedEvent,
} from '../../../../domain/governance/recorded-event.ts';

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

  it('is read back from what an approval keeps of it, and from nothing else', () => {
    expect(parseRecording(jsonOfRecording(EVENT, ['explainable']))).toEqual(EVENT);
    for (const wrong of [
      null,
      [],
      { ...EVENT, action: 7 },
      { ...EVENT, evidence: { a: 1 } },
      { ...EVENT, metadata: { a: {} } },
    ])
      expect(parseRecording(wrong)).toBeNull();
    const { frameworks: _, ...less } = EVENT;
    expect(parseRecording(less)).toBeNull();
    fc.assert(
      fc.property(fc.anything(), fc.constantFrom(...Object.keys(EVENT)), (any, name) => {
        const event = parseRecording({ ...EVENT, [name]: any });
        expect(event === null || typeof (problemOfRecording(event) ?? '')).toBeTruthy();
        expect(parseRecording(any)).toBeNull();
      }),
    );
  });

  it('is a claim where it is a mere true, until something that is there shows it', () => {
    const metadata = { explainable: true, consent_tracked: true, dry: false };
    const event = { ...EVENT, metadata };
    expect(unshownClaims(event, new Set())).toEqual(['consent_tracked', 'explainable']);
    expect(unshownClaims(event, new Set(Object.values(EVENT.evidence)))).toEqual(['consent_tracked']);
    expect(unshownClaims({ ...event, evidence: {} }, new Set([undefined as unknown as string]))).toHaveLength(2);
  });
});
