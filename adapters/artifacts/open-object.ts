import { isMlopsError } from '../../domain/errors.ts';
import type { DataKeys } from '../crypto/envelope.ts';
import { runKeyOf, TAG_BYTES } from './chunk-cipher.ts';
import { createSlots } from './chunk-slots.ts';
import type { ChunkWork } from './chunk-work.ts';
import type { ObjectPlace, SealedData } from './object-place.ts';
import { chunkCountOf, parseRecord, runOf, subjectOf, type ObjectRecord } from './object-record.ts';

/** What the keys of artifacts are wrapped for, beside the object. */
export const KEY_ORIGIN = 'artifacts';

/** Takes content that was found to be what was sealed. The bytes are another chunk's once the promise is kept. */
export type Sink = (plain: Uint8Array, at: number) => Promise<void>;

/** An object that is there in name: what is wrong with it, or what is needed to read it. */
export type OpenedRecord = { readonly problem: string } | { readonly record: ObjectRecord; readonly dataKey: Buffer };

/** Reads an object's record and opens its key. Null when the digest has no object. */
export async function openRecord(place: ObjectPlace, keys: DataKeys, digest: string): Promise<OpenedRecord | null> {
  const placed = await place.record(digest);
  if (placed === null) return null;
  const record = parseRecord(placed.text);
  if (record === null) return { problem: 'its record was changed' };
  if (record.digest !== digest) return { problem: `its record is that of ${record.digest}` };
  try {
    const { wrapped, wrappingKey } = record;
    const dataKey = await keys.unwrap({ origin: KEY_ORIGIN, subject: subjectOf(record), wrappingKey, wrapped });
    return { record, dataKey };
  } catch (error) {
    // That the keys cannot be asked says nothing of the object.
    if (!isMlopsError(error, 'LEDGER_KEY_UNREADABLE')) throw error;
    return { problem: describeKeyProblem(record, error) };
  }
}

/**
 * Reads all of an object and gives what is right to `sink`, in order of place or not.
 *
 * @returns what is wrong, or null; what was given to the sink counts only then
 */
export async function readObject(
  place: ObjectPlace,
  { record, dataKey }: Exclude<OpenedRecord, { readonly problem: string }>,
  { work, sink }: { readonly work: ChunkWork; readonly sink: Sink },
): Promise<string | null> {
  const data = await place.openData(record);
  if (data === null) return 'its data is missing';
  try {
    const wanted = record.bytes + chunkCountOf(record) * TAG_BYTES;
    if (data.bytes < wanted) return `its data is cut off: it has ${data.bytes} of ${wanted} bytes`;
    if (data.bytes > wanted) return `its data has ${data.bytes - wanted} bytes too many`;
    return await readChunks(data, { record, dataKey, work, sink });
  } finally {
    await data.close();
  }
}

async function readChunks(
  data: SealedData,
  {
    record,
    dataKey,
    work,
    sink,
  }: { readonly record: ObjectRecord; readonly dataKey: Buffer; readonly work: ChunkWork; readonly sink: Sink },
): Promise<string | null> {
  const { bytes, chunkBytes, upload } = record;
  const chunks = chunkCountOf(record);
  const slots = createSlots(Math.min(chunkBytes, bytes), chunks);
  const found: { problem: string | null } = { problem: null };
  let inOrder: Promise<unknown> = Promise.resolve();
  try {
    for (let index = 0; index < chunks && found.problem === null; index += 1) {
      const slot = await slots.take();
      const at = index * chunkBytes;
      const plain = slot.plain.subarray(0, Math.min(chunkBytes, bytes - at));
      const sealed = slot.sealed.subarray(0, plain.length + TAG_BYTES);
      const which = `chunk ${index + 1} of ${chunks}`;
      const run = runOf(record, index).id;
      const chunk = { upload, run, index, isLast: index === chunks - 1 };
      const opened = (async () => {
        const got = await data.read(at + index * TAG_BYTES, sealed);
        if (got !== sealed.length) return false;
        return await work.open({ key: runKeyOf(dataKey, upload, run), place: chunk, plain, sealed });
      })();
      const before = inOrder;
      const hashed = (async () => {
        const [isRight] = await Promise.all([opened, before]);
        if (!isRight) found.problem ??= `${which} was changed, or is not of this object`;
        // The thread takes them in order; the next need not wait for the answer.
        return isRight && found.problem === null ? { done: work.hash(plain) } : { done: null };
      })();
      inOrder = hashed;
      slots.run(slot, async () => {
        const { done } = await hashed;
        if (done !== null) await Promise.all([done, sink(plain, at)]);
      });
    }
    await slots.finish();
  } finally {
    await slots.settle();
  }
  const digest = await work.digest();
  return found.problem ?? (digest === record.digest ? null : `its content has the digest ${digest}`);
}

function describeKeyProblem({ wrappingKey }: ObjectRecord, error: unknown): string {
  // Without a cause the key is not there; with one it did not open.
  return (error as Error).cause === undefined
    ? `its key is wrapped under ${wrappingKey}, which is not among the keys here`
    : `its key cannot be opened with ${wrappingKey}: another key has that name, or the record was changed`;
}
