import { describe, expect, it } from 'vitest';
import { isClaim, showsClaim, type Referenced } from '../../../../domain/governance/claims.ts';

const RESOURCE = 'rag-api-v2.1.0';
const eventOf = (type: string, category: string, resource: string): Referenced => ({
  resources: [resource],
  event: { type, category: category as 'compliance_check' },
});
const artifactOf = (...resources: string[]): Referenced => ({ resources, event: null });

describe('a claim', () => {
  it.each([
    ['explainable', true],
    ['explainable', 'yes'],
    ['explainable', 'false'],
    ['explainable', 1],
    ['explainable', 0],
    ['consentTracked', 'somehow'],
    ['consent-tracked', ''],
    ['artifact_verified', true],
    ['artifact_verified', 'true'],
    ['artifact_verified', ' YES '],
  ])('is %s: %j', (name, value) => {
    expect(isClaim(name, value, false)).toBe(true);
  });

  it.each([
    ['explainable', false],
    ['consent_tracked', false],
    ['region', 'eu-west'],
    ['replicas', 1],
    ['weight', 0.5],
  ])('is not %s: %j', (name, value) => {
    expect(isClaim(name, value, false)).toBe(false);
  });

  it('is what evidence is given for', () => {
    expect(isClaim('region', 'eu-west', true)).toBe(true);
    expect(isClaim('explainable', false, true)).toBe(false);
  });
});

describe('what shows a claim', () => {
  it.each([
    ['a version of that name', 'explainable', artifactOf('model/rag_api/2.1.0')],
    [
      'an artifact that is registered as explaining it',
      'explainable',
      artifactOf('model/shap/1.0.0', 'rag-api-v2.1.0'),
    ],
    ['an event about it', 'consent_tracked', eventOf('model.verified', 'compliance_check', 'model/rag_api/2.1.0')],
    ['its deployment', 'artifact_verified', eventOf('model.promoted', 'model_promotion', 'model/rag_api/2.1.0/x')],
    ['a check of consents', 'consent_tracked', eventOf('recorded.consent_given', 'compliance_check', 'dataset/wiki')],
    ['a check of explanations', 'explainable', eventOf('recorded.explanation-read', 'compliance_check', 'shap')],
    ['its own check', 'explainable', eventOf('recorded.looked_at', 'compliance_check', 'rag_api@2.1.0')],
    ['a check by the name of the claim', 'dpia_done', eventOf('recorded.dpia-done', 'compliance_check', 'org')],
  ])('is %s', (_, claim, referenced) => {
    expect(showsClaim(referenced, claim, RESOURCE)).toBe(true);
  });

  it.each([
    ['the opening of the log', 'explainable', eventOf('ledger.opened', 'configuration_change', 'ledger/x')],
    ['another version', 'explainable', artifactOf('model/rag_api/2.0.0')],
    ['a prerelease', 'explainable', artifactOf('model/rag_api/2.1.0-rc.1')],
    ['the model at large', 'explainable', eventOf('model.created', 'model_registration', 'model/rag_api')],
    ['a check of something else', 'explainable', eventOf('recorded.consent_given', 'compliance_check', 'dataset/wiki')],
    ['a hold', 'consent_tracked', eventOf('governance.hold-placed', 'compliance_check', 'principal:1f')],
    ['that it was read', 'explainable', eventOf('model.read', 'model_access', 'model/rag_api/2.1.0')],
    ['that it was not verified', 'explainable', eventOf('model.verification-failed', 'security_event', RESOURCE)],
    ['a refusal', 'explainable', eventOf('model.promote-refused', 'access_control', 'model/rag_api/2.1.0')],
    ['what a program says of it', 'explainable', eventOf('recorded.deployed', 'model_deployment', RESOURCE)],
  ])('is not %s', (_, claim, referenced) => {
    expect(showsClaim(referenced, claim, RESOURCE)).toBe(false);
  });

  it('is of a rollout what is about its model', () => {
    const opened = eventOf('rollout.opened', 'model_deployment', 'rollout/prod/rag_api');
    expect(showsClaim(opened, 'announced', 'rag-api')).toBe(true);
    expect(showsClaim(opened, 'announced', 'rag-api-2')).toBe(false);
  });
});
