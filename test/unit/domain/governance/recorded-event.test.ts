import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import {
  draftOfRecording,
  draftOfTexts,
  hasTexts,
  parseFrameworks,
  jsonOfRecording,
  parseRecording,
  problemOfRecording,
  unshownClaims,
  withFrameworks,
  withTextsAt,
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

describe('frameworks', () => {
  it('are read from a list, and from nothing else', () => {
    expect(parseFrameworks('gdpr,soc2,iso27001')).toEqual(['gdpr', 'iso27001', 'soc2']);
    expect(parseFrameworks(' SOC2 , soc2')).toEqual(['soc2']);
    for (const wrong of ['', 'gdpr,', 'gdpr;soc2', 'pci', 'gdpr,pci']) expect(parseFrameworks(wrong), wrong).toBeNull();
  });

  it('of an event are those that it names, and those that the installation is held to', () => {
    expect(withFrameworks(EVENT, []).frameworks).toEqual(['gdpr']);
    expect(withFrameworks(EVENT, ['soc2', 'gdpr']).frameworks).toEqual(['gdpr', 'soc2']);
  });
});

describe('what is recorded', () => {
  it('is of codes', () => {
    expect(problemOfRecording(EVENT)).toBeNull();
    const long = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`note${at}`, 'a b '.repeat(500)]));
    expect(problemOfRecording({ ...EVENT, metadata: long }), 'what is sealed takes no room').toBeNull();
  });

  it.each([
    [{ category: 'model_party' }, 'its category is model_party'],
    [{ action: 'Ada deployed it' }, 'its action is "Ada deployed it"'],
    [{ resource: '' }, 'its resource is ""'],
    [{ frameworks: ['iso9001'] }, 'its framework is iso9001'],
    [{ metadata: { 'who?': 'x' } }, 'its metadata "who?"'],
    [{ resource: 'ada@example.org' }, 'its resource is "ada@example.org"'],
    [{ metadata: { note: 'a'.repeat(2001) } }, 'its metadata "note"'],
    [{ metadata: { note: 'half of \ud800' } }, 'its metadata "note"'],
    [{ metadata: { weight: Number.NaN } }, 'its metadata "weight"'],
    [{ evidence: { explainable: 'trust me' } }, 'its evidence for "explainable"'],
    [
      { metadata: Object.fromEntries(Array.from({ length: 2000 }, (_, at) => [`m${at}`, at])) },
      'its metadata and evidence are',
    ],
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

  it('has its texts sealed under who acted, and nothing of them in its facts', () => {
    const event = { ...EVENT, metadata: { ...EVENT.metadata, note: 'mail ada@example.org' } };
    expect(problemOfRecording(event)).toBeNull();
    const actor = { id: 'principal:1f', kind: 'human', authentication: 'ed25519' } as const;
    const { facts, payload, subject } = draftOfRecording(
      event,
      { unshown: [], approvalId: null, approvers: [] },
      actor,
    );
    expect(facts).toMatchObject({ metadata: EVENT.metadata, sealed: ['note'] });
    expect(JSON.stringify(facts)).not.toContain('example.org');
    expect({ payload, subject }).toEqual({
      payload: { metadata: { note: 'mail ada@example.org' } },
      subject: actor.id,
    });
    const kept = withTextsAt(event, 12);
    expect(kept.metadata).toEqual({ ...EVENT.metadata, note: 'ledger:12' });
    expect([hasTexts(event), hasTexts(kept), hasTexts(EVENT)]).toEqual([true, false, false]);
    expect(draftOfTexts(event, actor)).toMatchObject({ payload, subject, facts: { sealed: ['note'] } });
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
