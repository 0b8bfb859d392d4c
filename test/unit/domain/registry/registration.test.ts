import { describe, expect, it } from 'vitest';
import { differencesInWords, differencesOf } from '../../../../domain/registry/differences.ts';
import { MODEL_TYPES } from '../../../../domain/registry/model-types.ts';
import {
  completeRegistration,
  contentOf,
  type Registration,
  type RegistrationOrder,
} from '../../../../domain/registry/registration.ts';
import { canonicalJson } from '../../../../domain/governance/canonical-json.ts';

const EMBEDDING: RegistrationOrder = {
  model: 'rag_embeddings_v2',
  version: 'v2.1.0',
  type: 'embedding',
  metadata: { dimension: 768, distance: 'cosine', tokenizer: 'bert-base-uncased' },
};
const RETRIEVER: RegistrationOrder = {
  model: 'rag_api',
  version: '1.0.0',
  type: 'retriever',
  metadata: { index_embedding: 'rag_embeddings_v2@v2.1.0' },
  dependencies: [{ kind: 'index', target: 'wiki-2026-10' }],
};

const complete = (order: RegistrationOrder): Registration => {
  const completed = completeRegistration(order, null);
  if ('problems' in completed) throw new Error(completed.problems.join('; '));
  return completed.registration;
};
const problemsOf = (order: object) => {
  const completed = completeRegistration(order as RegistrationOrder, null);
  return 'problems' in completed ? completed.problems.join('; ') : '';
};

describe('a registration', () => {
  it('of the brief is complete: units and directions are known, the version stands without v', () => {
    const metrics = { embedding_latency_ms: 12.3, recall_at_5: 0.89, cosine_similarity_avg: 0.847 };
    expect(complete({ ...EMBEDDING, metrics })).toMatchObject({
      version: '2.1.0',
      metrics: [
        { name: 'cosine_similarity_avg', value: 0.847, unit: 'ratio', direction: 'higher' },
        { name: 'embedding_latency_ms', value: 12.3, unit: 'ms', direction: 'lower' },
        { name: 'recall_at_5', value: 0.89, unit: 'ratio', direction: 'higher' },
      ],
    });
  });

  it('names each problem it has, all at once', () => {
    const problems = problemsOf({
      ...EMBEDDING,
      model: '../etc',
      version: '2.1',
      metadata: { dimension: 0 },
      metrics: { x: 1 },
    });
    for (const word of [
      'name is',
      'version is "2.1"',
      'dimension is 0',
      'distance is missing',
      'tokenizer is missing',
      'metric x',
    ])
      expect(problems).toContain(word);
  });

  it.each([
    [{ error_rate: Number.NaN }, 'finite'],
    [{ error_rate: Infinity }, 'finite'],
    [{ error_rate: '0.1' }, 'finite'],
    [{ error_rate: null }, 'finite'],
    [{ error_rate: 3 }, '0 to 1'],
    [{ recall_at_5: 89 }, '0 to 1'],
    [{ cosine_similarity: -2 }, '-1 to 1'],
    [{ latency_ms: -1 }, 'at least 0'],
    [{ latency_ms: { value: 3, unit: 'seconds' } }, 'by its name it is ms'],
    [{ recall_at_5: { value: 0.8, direction: 'lower' } }, 'by its name it is ratio, higher'],
    [{ fluency: 4 }, 'unit and direction'],
    [{ fluency: { value: 4, unit: 'points' } }, 'unit and direction'],
    [{ fluency: { value: 4, unit: 'points', direction: 'up' } }, 'unit and direction'],
    [{ 'Two Words': { value: 4, unit: 'points', direction: 'higher' } }, 'is not a name'],
  ])('refuses the metrics %j', (metrics, words) => expect(problemsOf({ ...EMBEDDING, metrics })).toContain(words));

  it('takes a metric that says what its name does not', () => {
    const metrics = { fluency: { value: 4, unit: 'points', direction: 'higher' } };
    expect(complete({ ...EMBEDDING, metrics }).metrics).toEqual([
      { name: 'fluency', value: 4, unit: 'points', direction: 'higher' },
    ]);
  });

  it.each(MODEL_TYPES)('of type %s needs what that type is used by', (type) =>
    expect(problemsOf({ model: 'm', version: '1.0.0', type })).not.toBe(''),
  );

  it.each([
    [{ dependencies: [] }, 'has 0 index versions'],
    [
      {
        dependencies: [
          { kind: 'index', target: 'a' },
          { kind: 'index', target: 'b' },
        ],
      },
      'has 2 index versions',
    ],
    [{ metadata: { index_embedding: 'emb' } }, 'wanted NAME@VERSION, or none'],
    [
      {
        dependencies: [
          { kind: 'embedding', target: 'emb' },
          { kind: 'index', target: 'a' },
        ],
      },
      'wanted NAME@VERSION',
    ],
    [{ dependencies: [{ kind: 'planet', target: 'mars' }] }, 'is not a kind'],
    [{ dependencies: [{ kind: 'code', target: 'main' }] }, 'hex digits'],
    [{ dependencies: [{ kind: 'dataset', target: 'two words' }] }, 'without blanks'],
    [{ tags: { team: ['a'] } }, 'tag team'],
    [{ tags: { team: 'a\u0000b' } }, 'tag team'],
    [{ tags: { 'mlops.version': '9.9.9' } }, 'tag mlops.version is "9.9.9", and this is version'],
    [{ description: 'half \ud800' }, 'description'],
    [{ metadata: { index_embedding: 'none', nested: {} } }, 'metadata nested'],
  ])('of a retriever with %j is refused', (more, words) =>
    expect(problemsOf({ ...RETRIEVER, ...more })).toContain(words),
  );

  it('of a pipeline names its parts', () => {
    const pipeline = { model: 'rag', version: '1.0.0', type: 'pipeline' };
    expect(problemsOf(pipeline)).toContain('has no parts');
    const dependencies = [{ kind: 'model', target: 'rag_api@v1.0.0' }];
    expect(complete({ ...pipeline, dependencies }).dependencies).toEqual([{ kind: 'model', target: 'rag_api@1.0.0' }]);
  });

  it('has one text, whatever the order things were given in', () => {
    const tags = { b: 2, a: true };
    const one = complete({
      ...RETRIEVER,
      tags,
      dependencies: [
        { kind: 'index', target: 'i' },
        { kind: 'dataset', target: 'd' },
      ],
    });
    const other = complete({
      ...RETRIEVER,
      tags: { a: true, b: 2 },
      dependencies: [
        { kind: 'dataset', target: 'd' },
        { kind: 'index', target: 'i' },
        { kind: 'dataset', target: 'd' },
      ],
    });
    expect(canonicalJson(contentOf(one))).toBe(canonicalJson(contentOf(other)));
    expect(differencesOf(one, other)).toEqual([]);
  });
});

describe('differences', () => {
  it('are named field by field, with both values', () => {
    const there = complete({ ...EMBEDDING, metrics: { recall_at_5: 0.89 }, tags: { team: 'search' } });
    const given = complete({
      ...EMBEDDING,
      metadata: { ...EMBEDDING.metadata, dimension: 384 },
      metrics: { recall_at_5: 0.9 },
      dependencies: [{ kind: 'dataset', target: 'wiki' }],
    });
    expect(differencesOf(there, given)).toEqual([
      { field: 'dependencies.dataset.wiki', there: null, given: 'present' },
      { field: 'metadata.dimension', there: '768', given: '384' },
      { field: 'metrics.recall_at_5', there: '0.89 ratio, higher is better', given: '0.9 ratio, higher is better' },
      { field: 'tags.team', there: '"search"', given: null },
    ]);
    expect(differencesInWords(differencesOf(there, given))).toContain('metadata.dimension is 768 there, 384 here');
  });
});
