import { isDigest } from '../../domain/registry/artifact.ts';

/** Chunks from `from` on are sealed under the key that this run derives from the object's. */
export interface SealingRun {
  readonly from: number;
  /** 32 hexadecimal digits, by chance */
  readonly id: string;
}

/** How an object is cut and sealed. */
export interface Sealing {
  readonly bytes: number;
  readonly chunkBytes: number;
  /** Name of the upload that wrote the data, 32 hexadecimal digits by chance; it is part of what each chunk is bound to. */
  readonly upload: string;
  readonly runs: readonly SealingRun[];
}

/** What is written beside sealed data: all that is needed to open it, but the wrapping key. */
export interface ObjectRecord extends Sealing {
  readonly digest: string;
  readonly wrappingKey: string;
  readonly wrapped: Buffer;
}

export const OBJECT_FORMAT = 'durable-mlops-artifact/1';

const NAME = /^[0-9a-f]{32}$/;

/** How many chunks content has: an empty one has one, which is empty. */
export function chunkCountOf({ bytes, chunkBytes }: Pick<Sealing, 'bytes' | 'chunkBytes'>): number {
  return Math.max(1, Math.ceil(bytes / chunkBytes));
}

/** What the wrapped key is bound to: with another digest, size or cut it cannot be opened. */
export function subjectOf({ digest, bytes, chunkBytes, upload, runs }: Sealing & { readonly digest: string }): string {
  return [OBJECT_FORMAT, digest, bytes, chunkBytes, upload, ...runs.map(({ from, id }) => `${from}:${id}`)].join('|');
}

/** The run that a chunk is sealed under. */
export function runOf({ runs }: Pick<Sealing, 'runs'>, index: number): SealingRun {
  const run = runs.findLast(({ from }) => from <= index);
  if (run === undefined) throw new Error(`no run for chunk ${index}`);
  return run;
}

/** One line of JSON, always the same for the same record. */
export function renderRecord(record: ObjectRecord): string {
  const { digest, bytes, chunkBytes, upload, runs, wrappingKey, wrapped } = record;
  const cut = { bytes, chunkBytes, upload, runs: runs.map(({ from, id }) => ({ from, id })) };
  return `${JSON.stringify({ format: OBJECT_FORMAT, digest, ...cut, wrappingKey, wrapped: wrapped.toString('base64') })}\n`;
}

/** Null when the text is not exactly what `renderRecord` writes of some record. */
export function parseRecord(text: string): ObjectRecord | null {
  try {
    const { wrapped, ...rest } = JSON.parse(text) as Omit<ObjectRecord, 'wrapped'> & { readonly wrapped: string };
    const record: ObjectRecord = { ...rest, wrapped: Buffer.from(wrapped, 'base64') };
    return isSound(record) && renderRecord(record) === text ? record : null;
  } catch {
    return null;
  }
}

function isSound({ digest, upload, runs, bytes, chunkBytes, wrappingKey }: ObjectRecord): boolean {
  return (
    isDigest(digest) &&
    NAME.test(upload) &&
    Number.isSafeInteger(bytes) &&
    bytes >= 0 &&
    Number.isSafeInteger(chunkBytes) &&
    chunkBytes > 0 &&
    typeof wrappingKey === 'string' &&
    runs[0]?.from === 0 &&
    runs.every(({ from, id }, at) => NAME.test(id) && Number.isSafeInteger(from) && from > (runs[at - 1]?.from ?? -1))
  );
}
