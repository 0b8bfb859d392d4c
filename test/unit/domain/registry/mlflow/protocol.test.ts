import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MlopsError } from '../../../../../domain/errors.ts';
import { maxResultsOf, requireOrdinal, tagsOf, textsOf } from '../../../../../domain/registry/mlflow/fields.ts';
import {
  assembleRegistration,
  assertSource,
  copiedFrom,
  semanticVersionOf,
} from '../../../../../domain/registry/mlflow/new-version.ts';
import { parseModelOrder, parseVersionOrder } from '../../../../../domain/registry/mlflow/order.ts';
import { pageTokenOf, parsePageToken, type KeyKind } from '../../../../../domain/registry/mlflow/page-token.ts';
import { answerOf, refusal } from '../../../../../domain/registry/mlflow/refusal.ts';
import { versionShape } from '../../../../../domain/registry/mlflow/shapes.ts';
import { parseStageName, stageNameOf } from '../../../../../domain/registry/mlflow/stage-names.ts';
import { STAGES } from '../../../../../domain/registry/stages.ts';

describe('an error', () => {
  it.each<[unknown, number, string]>([
    [refusal('RESOURCE_ALREADY_EXISTS', 'there'), 400, 'RESOURCE_ALREADY_EXISTS'],
    [refusal('ENDPOINT_NOT_FOUND', 'no'), 404, 'ENDPOINT_NOT_FOUND'],
    [new MlopsError('MODEL_NOT_FOUND', { model: 'a', near: '' }), 404, 'RESOURCE_DOES_NOT_EXIST'],
    [new MlopsError('VERSION_NOT_FOUND', { model: 'a', version: '1' }), 404, 'RESOURCE_DOES_NOT_EXIST'],
    [new MlopsError('ALIAS_NOT_FOUND', { model: 'a', alias: 'b' }), 400, 'INVALID_PARAMETER_VALUE'],
    [new MlopsError('VERSION_CONFLICT'), 400, 'RESOURCE_ALREADY_EXISTS'],
    [new MlopsError('STAGE_CONFLICT'), 409, 'ABORTED'],
    [new MlopsError('TRANSITION_ILLEGAL'), 403, 'PERMISSION_DENIED'],
    [new MlopsError('ARTIFACT_MISSING'), 403, 'PERMISSION_DENIED'],
    [new MlopsError('NOT_AUTHORISED'), 403, 'PERMISSION_DENIED'],
    [new MlopsError('NOT_AUTHENTICATED'), 401, 'UNAUTHENTICATED'],
    [new MlopsError('DATABASE_UNREACHABLE'), 503, 'TEMPORARILY_UNAVAILABLE'],
    [new MlopsError('LEDGER_BUSY'), 503, 'TEMPORARILY_UNAVAILABLE'],
    [new MlopsError('USAGE_INVALID'), 400, 'INVALID_PARAMETER_VALUE'],
    [new MlopsError('LEDGER_REFUSED', { events: 'a secret', problem: 'a secret' }), 500, 'INTERNAL_ERROR'],
    [new MlopsError('LEDGER_FORBIDDEN', { events: 'a secret', problem: 'a secret' }), 500, 'INTERNAL_ERROR'],
    [new Error('a secret'), 500, 'INTERNAL_ERROR'],
  ])('%s has the status and code of the protocol', (error, status, code) => {
    const answer = answerOf(error);
    expect([answer.status, answer.body.error_code]).toEqual([status, code]);
    expect(answer.body.message).not.toContain('secret');
  });
});

describe('a stage', () => {
  it('has a name in the protocol, whatever its case', () => {
    expect(STAGES.map(stageNameOf)).toEqual(['None', 'Staging', 'Production', 'Archived', 'Archived']);
    expect(['none', 'STAGING', 'Production', 'archived'].map(parseStageName)).toEqual([
      'None',
      'Staging',
      'Production',
      'Archived',
    ]);
    expect(() => parseStageName('live')).toThrow('Invalid Model Version stage: live');
  });
});

describe('an order', () => {
  const step = (key: string, descending = false) => ({ key, descending });

  it.each<[string[], object[]]>([
    [[], [step('name')]],
    [['name DESC'], [step('name', true)]],
    [['last_updated_timestamp desc'], [step('changed', true), step('name')]],
    [['`creation_timestamp` ASC'], [step('created'), step('name')]],
  ])('of models leaves no two equal: %j', (clauses, wanted) => {
    expect(parseModelOrder(clauses)).toEqual(wanted);
  });

  it.each<[string[], object[]]>([
    [[], [step('changed', true), step('name'), step('version', true)]],
    [['version_number ASC'], [step('version'), step('name')]],
    [['name'], [step('name'), step('version', true)]],
    [['attribute.creation_timestamp DESC'], [step('created', true), step('name'), step('version', true)]],
  ])('of versions leaves no two equal: %j', (clauses, wanted) => {
    expect(parseVersionOrder(clauses)).toEqual(wanted);
  });

  it.each(['colour', 'name up', 'name ASC DESC', '', 'constructor', 'version_number'])('is refused: %s', (clause) => {
    expect(() => parseModelOrder([clause])).toThrow('Invalid order_by clause');
  });

  it('that names a key twice is an internal error, as it is there', () => {
    expect(() => parseModelOrder(['name', 'name DESC'])).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ errorCode: 'INTERNAL_ERROR' }) as unknown }),
    );
  });
});

describe('a page token', () => {
  it('brings back the end of the page, with the query it was given for and no other', () => {
    const keys = fc.oneof(fc.stringMatching(/^[\w.-]{0,20}$/), fc.nat());
    fc.assert(
      fc.property(fc.array(keys), fc.string(), (end, query) => {
        const token = pageTokenOf(end, query);
        const kinds = end.map((key) => (typeof key === 'string' ? 'text' : 'ordinal'));
        expect(parsePageToken(token, query, kinds)).toEqual(end);
        expect(() => parsePageToken(token, `${query}!`, kinds)).toThrow('Invalid page token');
        expect(() => parsePageToken(token, query, [...kinds, 'text'])).toThrow('Invalid page token');
      }),
    );
  });

  it.each<[KeyKind, unknown]>([
    ['text', 1],
    ['text', 'a\u0000'],
    ['text', null],
    ['ordinal', 'x'],
    ['ordinal', 1.5],
    ['ordinal', -1],
    ['ordinal', 2_147_483_648],
    ['time', 1e300],
    ['time', 8.64e15],
    ['time', 'x'],
  ])('that somebody wrote is refused before the database is asked: %s %j', (kind, key) => {
    const token = pageTokenOf([key as string], 'q');
    expect(() => parsePageToken(token, 'q', [kind])).toThrow('Invalid page token');
  });

  it.each(['x', '!', 'e30=', 'W10=', 'bnVsbA=='])('that is none is refused: %s', (token) => {
    expect(() => parsePageToken(token, '', ['text'])).toThrow('Invalid page token');
  });
});

describe('a field', () => {
  it.each<[unknown, number | string]>([
    ['3', 3],
    [3, 3],
    ['+3', 3],
    ['-3', 0],
    ['99999999999', 2_147_483_647],
    ['x', "Parameter 'version' must be an integer, got 'x'."],
    ['1.5', "Parameter 'version' must be an integer, got '1.5'."],
    ['', "Missing value for required parameter 'version'."],
    [undefined, "Missing value for required parameter 'version'."],
  ])('version %s is read as an ordinal or refused', (version, wanted) => {
    const read = () => requireOrdinal({ version });
    if (typeof wanted === 'number') expect(read()).toBe(wanted);
    else expect(read).toThrow(wanted);
  });

  it.each<[unknown, number | null]>([
    [undefined, 100],
    ['', 100],
    ['7', 7],
    [1000, 1000],
    [1001, null],
    [0, null],
    ['-1', null],
    ['1.5', null],
    ['x', null],
  ])('max_results %s is in its range or refused', (max_results, wanted) => {
    const read = () => maxResultsOf({ max_results }, { least: 1, most: 1000, usual: 100 });
    if (wanted !== null) expect(read()).toBe(wanted);
    else expect(read).toThrow('max_results');
  });

  it('of tags keeps values as texts, the last of a key, and refuses what is none', () => {
    const tag = (key: unknown, value: unknown) => ({ key, value });
    expect(tagsOf({ tags: [tag('a', 12345), tag('b', ''), tag('b', true), { key: 'c' }] })).toEqual({
      a: '12345',
      b: 'true',
      c: '',
    });
    for (const tags of ['x', [tag('', 'a')], [tag('k'.repeat(251), '')], [tag('a', {})], [tag('a', '\ud800')], [null]])
      expect(() => tagsOf({ tags })).toThrow(/tag|parameter/);
    expect(textsOf({ stages: 'None' }, 'stages')).toEqual(['None']);
  });
});

describe('a new version', () => {
  it('is numbered by its tag, else by its ordinal', () => {
    expect(semanticVersionOf({}, 7)).toBe('0.0.7');
    expect(semanticVersionOf({ 'mlops.version': 'v1.2.0-rc.1' }, 7)).toBe('1.2.0-rc.1');
    expect(() => semanticVersionOf({ 'mlops.version': '1.2' }, 7)).toThrow('mlops.version');
  });

  it.each([
    's3://b/a',
    '/abs/path',
    'runs:/abc/model',
    'models:/a/1',
    'mlflow-artifacts:/1/x',
    's3://b/100%',
    's3://b/a..b',
    'abfss://models@account.dfs.core.windows.net/churn/7',
    'wasbs://$root@account.blob.core.windows.net',
  ])('may come from %s', (source) => {
    expect(() => assertSource(source)).not.toThrow();
  });

  it.each([
    's3://b/../a',
    '/a/%2e%2e/b',
    'x/%252e%252e',
    'a%2f..%2fb',
    'a\u0000',
    'a%00',
    'http://h/a',
    'HTTPS://h/a',
    '..\\a',
    'file:../a',
    'C:..\\a',
    's3://user:secret@b/a',
    's3://user@b/a',
    'abfss://models:secret@account.dfs.core.windows.net/a',
    'wasbs://models@account:secret@b/a',
  ])('may not come from %s', (source) => {
    expect(() => assertSource(source)).toThrow('Invalid model version source');
  });

  it.each([
    ['an escape that was escaped ten thousand times', `s3://b/%${'25'.repeat(10_000)}2e`],
    ['schemes without end', `http:${'://'.repeat(33_000)}`],
  ])('may not come from %s, which is said at once', (_, source) => {
    const begun = performance.now();
    expect(() => assertSource(source)).toThrow('Invalid model version source');
    expect(performance.now() - begun).toBeLessThan(1000);
  });

  it('has no artifact, unless it is a copy', () => {
    const given = { model: 'a', source: 's', runId: '', runLink: '', description: 'd', tags: { b: '1', a: '2' } };
    const plain = assembleRegistration(given, '0.0.1', null);
    expect(plain).toMatchObject({ type: 'external', artifact: null, tags: { a: '2', b: '1' } });
    const copied = assembleRegistration(given, '0.0.2', {
      ...plain,
      type: 'generator',
      artifact: 'ff',
      tags: { c: '3' },
    });
    expect(copied).toMatchObject({ model: 'a', version: '0.0.2', type: 'generator', artifact: 'ff', tags: given.tags });
  });

  it.each<[string, object | null]>([
    ['models:/a/3', { ordinal: 3 }],
    ['models:///a/3', { ordinal: 3 }],
    ['models:/a@next', { alias: 'next' }],
    ['models:/a/latest', { latest: true }],
    ['models:/a/staging', { stage: 'Staging' }],
    ['models:/a/b', null],
    ['models:/a@b/3', null],
    ['models:/a@', null],
    ['models:/m-12', null],
    ['s3://models:/a/1', null],
  ])('from %s is a copy of %j', (source, by) => {
    expect(copiedFrom(source)).toEqual(by === null ? null : { model: 'a', by });
  });
});

describe('a shape', () => {
  const version = {
    model: 'a',
    ordinal: 2,
    version: '0.0.2',
    createdAt: 1,
    changedAt: 2,
    user: null,
    stage: 'development',
    description: '',
    source: '',
    runId: '',
    runLink: '',
    tags: {},
    aliases: [],
  } as const;

  it('leaves out what is empty, and has versions as texts', () => {
    expect(versionShape(version)).toEqual({
      name: 'a',
      version: '2',
      creation_timestamp: 1,
      last_updated_timestamp: 2,
      current_stage: 'None',
      status: 'READY',
    });
  });

  it('tells the semantic version of what was registered otherwise', () => {
    expect(versionShape({ ...version, version: '1.2.0' })['tags']).toEqual([{ key: 'mlops.version', value: '1.2.0' }]);
  });
});
