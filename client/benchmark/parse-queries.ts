import { z } from 'zod';
import { MlopsError } from '../../domain/errors.ts';
import type { LabelledQuery } from './quality.ts';

const QUERY = z.object({ query: z.string().min(1), relevantId: z.string().min(1) });

/** Reads labelled queries, one JSON object per line; empty lines are skipped. @throws QUERIES_INVALID naming the line */
export function parseQueries(file: string, text: string): LabelledQuery[] {
  const lines = text.split('\n').flatMap((line, i) => (line.trim() === '' ? [] : [{ line, number: i + 1 }]));
  if (lines.length === 0) throw new MlopsError('QUERIES_INVALID', { file, problem: 'it holds no query' });
  return lines.map(({ line, number }) => {
    const parsed = QUERY.safeParse(parseJson(line));
    if (parsed.success) return parsed.data;
    throw new MlopsError('QUERIES_INVALID', { file, problem: `line ${number} is not a labelled query: ${line}` });
  });
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
