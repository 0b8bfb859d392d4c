import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { assembleBm25Index, type Bm25Index } from './bm25.ts';
import { assembleCorpus, CORPUS_VERSION, type Corpus } from './corpus.ts';
import { assembleDenseIndex, INDEX_SEED, type DenseIndex } from './dense.ts';
import { findWordnet, fingerprintWordnet, readSynsets } from './wordnet.ts';

/** Everything a release retrieves from. */
export interface SearchIndex {
  /** Names corpus and vectors: the same name, the same answers. */
  readonly version: string;
  readonly corpus: Corpus;
  readonly words: Bm25Index;
  readonly vectors: DenseIndex;
}

/** The index of the installed WordNet; built once per machine (about 5 s), then read from the cache folder. */
export async function loadIndex(env: NodeJS.ProcessEnv = process.env): Promise<SearchIndex> {
  const folder = findWordnet();
  const fingerprint = (await fingerprintWordnet(folder)).slice(0, 12);
  const version = `wordnet-${fingerprint}-c${CORPUS_VERSION}-s${INDEX_SEED}`;
  const cache = env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache');
  const file = path.join(cache, 'durable-mlops', `rag-${version}-${process.version}.bin`);
  const cached = await readCached(file);
  if (cached) return cached;
  const corpus = assembleCorpus(await readSynsets(folder));
  const texts = corpus.documents.map((document) => document.text);
  const index = { version, corpus, words: assembleBm25Index(texts), vectors: assembleDenseIndex(texts) };
  await writeCached(file, index);
  return index;
}

/** A file that is missing or cut off is the same to us: the index is built again. */
async function readCached(file: string): Promise<SearchIndex | null> {
  try {
    return deserialize(await readFile(file)) as SearchIndex;
  } catch {
    return null;
  }
}

/** Written under a name of its own and renamed: several releases may start at once. */
async function writeCached(file: string, index: SearchIndex): Promise<void> {
  const own = `${file}.${process.pid}`;
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(own, serialize(index));
  await rename(own, file);
}
