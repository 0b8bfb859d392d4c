import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { MlopsError } from '../../domain/errors.ts';
import { appendDurably, writeDurably } from '../files/durable-file.ts';
import { runExclusively } from '../processes/exclusive.ts';

/** The ledger in files: every event, and the newest checkpoint. */
export interface SegmentFiles {
  /**
   * Appends events that are not there yet, then keeps the checkpoint that covers them. All of it is on disk before it returns.
   *
   * @param eventLines lines of a full export (LF included) from an event on, in groups
   * @throws LEDGER_TAMPERED when the last event in the files is not there, or another: a database that was put back, or written anew
   */
  follow(
    checkpoint: { readonly size: number; readonly note: string },
    eventLines: (from: number, to: number) => AsyncIterable<readonly string[]>,
  ): Promise<void>;
}

/** Where the files end, as this program left them. */
interface End {
  readonly file: string;
  readonly bytes: number;
  /** Sequence of the first event that is not there. */
  readonly next: number;
  /** The last event's line, LF included; it names the one before it. */
  readonly last: string;
}

interface Segment {
  readonly file: string;
  /** Sequence of its first event. */
  readonly first: number;
}

const EVENT_LINES = /^events-(\d{12})\.jsonl$/;
/** A segment is closed at the first group that makes it this long. */
const SEGMENT_BYTES = 64 * 1024 * 1024;
const LF = 0x0a;

/** Folder of one log below the audit folder: a new log never goes on in the files of an old one. */
export function segmentFolder(auditDirectory: string, origin: string): string {
  return join(auditDirectory, origin.replaceAll('/', '_'));
}

/** Segments of a folder, oldest first. */
export async function listSegments(folder: string): Promise<Segment[]> {
  if (!existsSync(folder)) return [];
  return (await readdir(folder)).toSorted().flatMap((name) => {
    const first = EVENT_LINES.exec(name)?.[1];
    return first === undefined ? [] : [{ file: join(folder, name), first: Number(first) }];
  });
}

export function checkpointFileOf(folder: string): string {
  return join(folder, 'checkpoint');
}

/** The checkpoint that a folder keeps; null when it has none. */
export async function readFiledNote(folder: string): Promise<string | null> {
  const file = checkpointFileOf(folder);
  return existsSync(file) ? await readFile(file, 'utf8') : null;
}

/** Keeps the ledger in files of a folder (0600). Any number of programs may follow into one folder. */
export function createSegmentFiles(folder: string, segmentBytes = SEGMENT_BYTES): SegmentFiles {
  let known: End | null = null;
  return {
    async follow(checkpoint, eventLines) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await runExclusively(
        join(folder, 'lock'),
        async () => {
          known = await findEnd(folder, known);
          if (known !== null) await assertContinued(folder, known, eventLines);
          const from = known?.next ?? 0;
          // Another program has gone further.
          if (from > checkpoint.size) return;
          if (from < checkpoint.size)
            known = await appendLines(folder, known, segmentBytes, eventLines(from, checkpoint.size));
          await keepCheckpoint(folder, checkpoint.note);
        },
        () => undefined,
      );
    },
  };
}

async function assertContinued(
  folder: string,
  { last, next }: End,
  eventLines: Parameters<SegmentFiles['follow']>[1],
): Promise<void> {
  if (next === 0) return;
  let there = '';
  for await (const lines of eventLines(next - 1, next)) there += lines.join('');
  if (there === last) return;
  const state = there === '' ? 'has no such event' : 'has another one';
  throw new MlopsError('LEDGER_TAMPERED', {
    problem: `the files in ${folder} end with event ${next - 1}, and the database ${state}`,
  });
}

/** A crash may have come between the events and their checkpoint: it is looked at even where no event is missing. */
async function keepCheckpoint(folder: string, note: string): Promise<void> {
  if ((await readFiledNote(folder)) !== note) await writeDurably(checkpointFileOf(folder), note);
}

/**
 * Where the files end now. Another program may have gone on; a line that was cut off by a crash is taken away, and so is a segment
 * that was begun and has no whole line.
 */
async function findEnd(folder: string, known: End | null): Promise<End | null> {
  for (const last of (await listSegments(folder)).toReversed()) {
    if (known?.file === last.file && known.bytes === (await stat(last.file)).size) return known;
    const bytes = await readFile(last.file);
    const end = bytes.lastIndexOf(LF) + 1;
    if (end > 0) return await readEnd(last, bytes, end);
    await rm(last.file);
  }
  return null;
}

async function readEnd({ file, first }: Segment, bytes: Buffer, end: number): Promise<End> {
  if (end < bytes.length) await truncate(file, end);
  let lines = 0;
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) lines += 1;
  const line = bytes.subarray(bytes.lastIndexOf(LF, end - 2) + 1, end).toString('utf8');
  return { file, bytes: end, next: first + lines, last: line };
}

async function appendLines(
  folder: string,
  begin: End | null,
  segmentBytes: number,
  groups: AsyncIterable<readonly string[]>,
): Promise<End | null> {
  let end = begin;
  for await (const lines of groups) {
    const next: number = end?.next ?? 0;
    const isOpen: boolean = end !== null && end.bytes < segmentBytes;
    const file: string =
      isOpen && end !== null ? end.file : join(folder, `events-${String(next).padStart(12, '0')}.jsonl`);
    const text = lines.join('');
    await appendDurably(file, text);
    end = {
      file,
      bytes: (isOpen && end !== null ? end.bytes : 0) + Buffer.byteLength(text),
      next: next + lines.length,
      last: lines.at(-1) ?? '',
    };
  }
  return end;
}
