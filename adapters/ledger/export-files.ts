import { createReadStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { LARGEST_HEADER } from '../../domain/governance/export-format.ts';
import type { FileLine } from '../../domain/governance/verify-export.ts';
import { MlopsError, messageOf } from '../../domain/errors.ts';
import { readFileLines } from './file-lines.ts';

const CHUNK_BYTES = 1024 * 1024;

/** Lines of an export; `-` is standard input. @throws INPUT_UNREADABLE */
export async function* readExport(file: string): AsyncGenerator<readonly FileLine[]> {
  const source: Readable = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: CHUNK_BYTES });
  try {
    yield* readFileLines(source as AsyncIterable<Buffer>);
  } catch (error) {
    throw unreadable(file, error);
  }
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
