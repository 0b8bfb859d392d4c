// Prints the labelled queries, one JSON object per line: `node export-queries.ts [--split test|tuning]`.
import { parseArgs } from 'node:util';
import { loadIndex } from './load-index.ts';

const { values } = parseArgs({ options: { split: { type: 'string', default: 'test' } } });
const { corpus } = await loadIndex();
const queries = values.split === 'tuning' ? corpus.tuning : corpus.test;
process.stdout.write(queries.map((labelled) => `${JSON.stringify(labelled)}\n`).join(''));
