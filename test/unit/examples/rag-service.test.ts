import { beforeAll, describe, expect, it } from 'vitest';
import { createFault } from '../../../examples/rag-service/faults.ts';
import { loadIndex, type SearchIndex } from '../../../examples/rag-service/load-index.ts';
import { findRelease } from '../../../examples/rag-service/releases.ts';
import { createRetriever } from '../../../examples/rag-service/retrieve.ts';

describe('the corpus', () => {
  let index: SearchIndex;
  beforeAll(async () => {
    index = await loadIndex();
  });

  it('has 12,000 documents and 3,000 test queries that were not tuned on', () => {
    const { documents, tuning, test } = index.corpus;
    expect([documents.length, tuning.length, test.length]).toEqual([12_000, 1000, 3000]);
    const tuned = new Set(tuning.map(({ query }) => query));
    expect(test.filter(({ query }) => tuned.has(query))).toEqual([]);
  });

  it('does not hold a query in the document it was left out of', () => {
    const texts = new Map(index.corpus.documents.map(({ id, text }) => [id, text]));
    const leaked = index.corpus.test.filter(({ query, relevantId }) => texts.get(relevantId)?.includes(`. ${query}`));
    expect(leaked).toEqual([]);
  });

  it('is retrieved better by words and vectors than by words, and far worse by vectors of another space', () => {
    const recallOf = (version: string) => {
      const retrieve = createRetriever(index, findRelease(version));
      const queries = index.corpus.tuning.slice(0, 400);
      const found = queries.filter(({ query, relevantId }) => retrieve(query, 5).some(({ id }) => id === relevantId));
      return found.length / queries.length;
    };
    const [words, hybrid, wrong] = [recallOf('1.0.0'), recallOf('1.1.0'), recallOf('1.2.2')];
    expect(words).toBeGreaterThan(0.5);
    expect(hybrid).toBeGreaterThan(words + 0.02);
    expect(wrong).toBeLessThan(hybrid - 0.25);
  });

  it('gives the best first, as many as asked for, and copes with a query without words', () => {
    const retrieve = createRetriever(index, findRelease('1.1.0'));
    const scores = retrieve('the ball was thrown', 7).map(({ score }) => score);
    expect(scores).toHaveLength(7);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    expect(retrieve('?!', 3)).toHaveLength(3);
  });
});

describe('faults of releases', () => {
  it('name what is known when a release is not', () => {
    expect(() => findRelease('9.9.9')).toThrow('1.0.0, 1.1.0');
  });

  it('fail 4 % of the answers', () => {
    const fault = createFault('errors', () => undefined);
    const failures = Array.from({ length: 20_000 }, () => fault('u')).filter(({ fails }) => fails).length;
    expect(failures / 20_000).toBeGreaterThan(0.03);
    expect(failures / 20_000).toBeLessThan(0.05);
  });

  it('fail always for one tenth of the users and never for the others', () => {
    const fault = createFault('errors-for-some', () => undefined);
    const users = Array.from({ length: 5000 }, (_, i) => `user-${i}`);
    const troubled = users.filter((user) => fault(user).fails);
    expect(troubled.length / users.length).toBeGreaterThan(0.08);
    expect(troubled.length / users.length).toBeLessThan(0.12);
    expect(troubled.every((user) => fault(user).fails)).toBe(true);
  });

  it('end the process under load only', () => {
    let deaths = 0;
    const fault = createFault('dies-under-load', () => (deaths += 1));
    for (let i = 0; i < 3; i += 1) fault('u');
    expect(deaths).toBe(0);
    for (let i = 0; i < 30; i += 1) fault('u');
    expect(deaths).toBeGreaterThan(0);
  });
});
