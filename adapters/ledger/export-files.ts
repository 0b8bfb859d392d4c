import { createReadStream, existsSync } from 'node:fs';
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseNote } from '../../domain/governance/checkpoint.ts';
import { formatHeader, LARGEST_HEADER } from '../../domain/governance/export-format.ts';
import type { FileLine } from '../../domain/governance/verify-export.ts';
import { MlopsError, messageOf } from '../../domain/errors.ts';
import { createPrimitives } from '../crypto/primitives.ts';
import { readFileLines } from './file-lines.ts';
import { checkpointFileOf, listSegments } from './segments.ts';

const CHUNK_BYTES = 1024 * 1024;

/**
 * Lines of an export; `-` is standard input. A folder of segments is read as the export that it would be: the events that its checkpoint
 * covers. What a crash has left beyond that is signed by nobody, and not read.
 *
 * @throws INPUT_UNREADABLE
 */
export async function* readExport(file: string): AsyncGenerator<readonly FileLine[]> {
  try {
    if (file !== '-' && (await stat(file)).isDirectory()) yield* readSegments(file);
    else yield* readFileLines(file === '-' ? (process.stdin as AsyncIterable<Buffer>) : chunksOf(file));
  } catch (error) {
    throw unreadable(file, error);
  }
}

async function* readSegments(given: string): AsyncGenerator<readonly FileLine[]> {
  const folder = await folderOfLog(given);
  const note = await readFile(checkpointFileOf(folder), 'utf8');
  // A note that cannot be read covers nothing, and the verification says what is wrong with it.
  const events = parseNote(createPrimitives(), note)?.checkpoint.size ?? 0;
  const segments = await listSegments(folder);
  async function* chunks(): AsyncGenerator<Buffer> {
    yield Buffer.from(formatHeader({ kind: 'full', events, checkpoint: note }));
    for (const segment of segments) yield* chunksOf(segment.file);
  }
  let left = events + 1;
  for await (const lines of readFileLines(chunks())) {
    yield lines.slice(0, left);
    left -= lines.length;
    if (left <= 0) return;
  }
}

/** A folder of segments, or the one that the audit folder has below it. */
async function folderOfLog(folder: string): Promise<string> {
  if (existsSync(checkpointFileOf(folder))) return folder;
  const logs = (await readdir(folder))
    .map((name) => join(folder, name))
    .filter((one) => existsSync(checkpointFileOf(one)));
  const [log, another] = logs;
  if (log === undefined) throw new Error('it is a folder without segments of a log, and no file');
  if (another !== undefined) throw new Error(`it has several logs: name one of ${logs.join(', ')}`);
  return log;
}

function chunksOf(file: string): AsyncIterable<Buffer> {
  return createReadStream(file, { highWaterMark: CHUNK_BYTES });
}

/** The first line of an export, or as much of a note as a first line may have. @throws INPUT_UNREADABLE */
export async function readBeginning(file: string): Promise<string> {
  try {
    const handle = await open(file);
    try {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(LARGEST_HEADER), 0, LARGEST_HEADER, 0);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** A small file of text. @throws INPUT_UNREADABLE */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(file: string, error: unknown): MlopsError {
  return new MlopsError('INPUT_UNREADABLE', { file, problem: messageOf(error) }, { cause: error });
}
