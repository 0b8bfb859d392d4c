import { describe, expect, it } from 'vitest';
import { parseQueries } from '../../../client/benchmark/parse-queries.ts';
import { measureQuality } from '../../../client/benchmark/quality.ts';
import { renderQualityMarkdown } from '../../../client/reports/quality-table.ts';

const SERVICE = { version: '1.0.0', endpoint: 'http://127.0.0.1:9' };
const QUERIES = [
  { query: 'one', relevantId: 'a' },
  { query: 'two', relevantId: 'b' },
  { query: 'three', relevantId: 'c' },
  { query: 'four', relevantId: 'd' },
];
const never = new AbortController().signal;

describe('the quality benchmark', () => {
  it('counts a query without an answer as not retrieved', async () => {
    const report = await measureQuality(SERVICE, QUERIES, never, async (_, query) => {
      if (query === 'four') throw new Error('it answered 500');
      return await Promise.resolve(query === 'two' ? ['x', 'b'] : ['a', 'c']);
    });
    expect(report).toMatchObject({ queries: 4, errorRate: 0.25 });
    expect(report.quality.recallAt1.mean).toBe(0.25);
    expect(report.quality.recallAt5.mean).toBe(0.75);
    expect(report.quality.reciprocalRank.mean).toBe((1 + 0.5 + 0.5 + 0) / 4);
    expect(renderQualityMarkdown([report]).split('\n')).toHaveLength(3);
  });

  it('gives up on a service that never answers, naming it', async () => {
    await expect(
      measureQuality(SERVICE, QUERIES, never, async () => await Promise.reject(new Error('connect ECONNREFUSED'))),
    ).rejects.toMatchObject({ code: 'SERVICE_NOT_MEASURED' });
  });

  it('names the line of a file that is not a labelled query', () => {
    expect(parseQueries('q.jsonl', '{"query":"one","relevantId":"a"}\n\n')).toHaveLength(1);
    expect(() => parseQueries('q.jsonl', '{"query":"one","relevantId":"a"}\n{"query":"two"}')).toThrow('line 2');
    expect(() => parseQueries('q.jsonl', '\n')).toThrow('no query');
  });
});
