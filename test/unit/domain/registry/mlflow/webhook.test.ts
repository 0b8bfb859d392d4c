import { describe, expect, it } from 'vitest';
import {
  WEBHOOK_EVENTS,
  webhookEventOf,
  webhookEventShape,
} from '../../../../../domain/registry/mlflow/webhook/events.ts';
import { dataOf, exampleOf, toldOf, TOLD_TYPES } from '../../../../../domain/registry/mlflow/webhook/told.ts';

const eventOf = (type: string, facts: object = {}) => ({ type, resource: 'model/a/1.2.0', facts: { ...facts } });

describe('what a webhook is told', () => {
  it.each([
    ['model.created', {}, ['registered_model.created']],
    ['model.registered', { ordinal: 2 }, ['model_version.created']],
    ['model.registered', { ordinal: 1, isFirst: true }, ['registered_model.created', 'model_version.created']],
    ['model.tagged', { ordinal: 1 }, ['model_version_tag.set']],
    ['model.tagged', {}, []],
    ['model.untagged', { ordinal: 1 }, ['model_version_tag.deleted']],
    ['model.untagged', {}, []],
    ['model.alias-set', { environment: 'dev' }, ['model_version_alias.created']],
    ['model.alias-set', { environment: 'production' }, []],
    ['model.alias-removed', { environment: 'dev' }, ['model_version_alias.deleted']],
    ['model.alias-removed', { environment: 'production' }, []],
    ['model.promoted', { environment: 'dev' }, []],
  ])('of %s %j: %j', (type, facts, told) => {
    expect(toldOf(eventOf(type, facts), 'dev')).toEqual(told);
    if (told.length > 0) expect(TOLD_TYPES).toContain(type);
  });

  it('names the artifact of a version that has no source', () => {
    const event = eventOf('model.registered', { ordinal: 3, artifact: { digest: 'ab' } });
    expect(dataOf('model_version.created', event, {})).toEqual({
      name: 'a',
      version: '3',
      source: 'mlops-artifact:/sha256/ab',
      run_id: null,
      tags: {},
      description: null,
    });
  });

  it.each(WEBHOOK_EVENTS)('has an example of %s with every member', (told) => {
    expect(Object.values(exampleOf(told))).not.toContain('');
    expect(Object.values(exampleOf(told))).not.toContain(null);
  });
});

describe('an event of the protocol', () => {
  it.each(WEBHOOK_EVENTS)('%s is read as it is written', (told) => {
    expect(webhookEventOf(webhookEventShape(told))).toBe(told);
  });
  it('is known by its number', () => {
    expect(webhookEventOf({ entity: 3, action: 4 })).toBe('model_version_tag.set');
  });
  it.each([
    null,
    'x',
    {},
    { entity: 'MODEL_VERSION' },
    { entity: 99, action: 1 },
    { entity: 'constructor', action: 'CREATED' },
  ])('%j is none', (given) => {
    expect(() => webhookEventOf(given)).toThrow('Invalid webhook event');
  });
});
