import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Forgotten } from '../../domain/governance/custody-drafts.ts';

/** Who did something and why, as they stand one after the other in a line of the journal, and in the splits it repeats. */
const WORDS = /"(actor|reason)":"((?:[^"\\]|\\.)*)"/g;

/** Bytes of the file to be written over. */
interface Place {
  readonly at: number;
  readonly length: number;
}

/**
 * Writes over a person's name and reasons in the journal of emergency rollbacks, flushed before it returns. In place, byte by byte:
 * a rollback that is journaled meanwhile adds its line behind, and none is lost, whenever either stops.
 */
export async function maskJournal(file: string, { who, subject }: Forgotten): Promise<void> {
  if (!existsSync(file)) return;
  const handle = await open(file, 'r+');
  try {
    // A character a byte, so that places in the text are places in the file.
    for (const { at, length } of placesOf(await handle.readFile('latin1'), { who, subject }))
      await handle.write(Buffer.alloc(length, '-'), 0, length, at);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function placesOf(text: string, { subject, who }: Forgotten): Place[] {
  const places: Place[] = [];
  let isTheirs = false;
  for (const { 1: key, 2: raw = '', index, 0: whole } of text.matchAll(WORDS)) {
    const value = valueOf(raw);
    if (key === 'actor') isTheirs = who.includes(value);
    const repeats = who.some((one) => value.includes(`(after ${one}: `));
    // The id means nobody any more.
    if ((isTheirs && value !== subject) || (key === 'reason' && repeats))
      places.push({ at: index + whole.length - 1 - raw.length, length: raw.length });
  }
  return places;
}

function valueOf(raw: string): string {
  return JSON.parse(`"${Buffer.from(raw, 'latin1').toString('utf8')}"`) as string;
}
