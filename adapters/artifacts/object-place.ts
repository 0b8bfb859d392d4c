import type { ObjectRecord, Sealing } from './object-record.ts';

/** A record as it is kept, with a mark that another one does not have. */
export interface PlacedRecord {
  readonly text: string;
  readonly mark: string;
}

/** Sealed data, to be read piece by piece. */
export interface SealedData {
  readonly bytes: number;
  /** Fills `into` from `at`. Returns how many bytes there were: fewer only where the data ends. */
  read(at: number, into: Uint8Array): Promise<number>;
  close(): Promise<void>;
}

/** Data that is being written, and is not an object yet. */
export interface UploadData {
  /** Whether exactly these bytes are there as a chunk. */
  holds(index: number, sealed: Uint8Array): Promise<boolean>;
  write(index: number, sealed: Uint8Array): Promise<void>;
  /** Makes an object of what was written, whole or not at all. False when the digest has one already: that one stays. */
  publish(record: ObjectRecord): Promise<boolean>;
  /** Removes what was written. */
  discard(): Promise<void>;
  close(): Promise<void>;
}

/** Port: where sealed objects are kept, a folder or a bucket. It sees no content and no keys. */
export interface ObjectPlace {
  /** For messages */
  readonly name: string;
  /** Writes something and removes it again. @throws ARTIFACT_DISK_FULL, ARTIFACT_STORE_UNUSABLE */
  probe(): Promise<void>;
  /** The size of chunks for content of a size. */
  chunkBytesFor(bytes: number): number;
  /** Null when the digest has no object. */
  record(digest: string): Promise<PlacedRecord | null>;
  /** Puts a record in the place of the one that has `mark`. False when another one is there by now. */
  replaceRecord(digest: string, text: string, mark: string): Promise<boolean>;
  digests(): AsyncIterable<string>;
  /** Whether an object of that size may be there: no means no. */
  mayHaveSize(bytes: number): Promise<boolean>;
  /** Null when the data is gone. */
  openData(record: ObjectRecord): Promise<SealedData | null>;
  /** Goes on with an upload, or begins it. `folder` is its own, on this machine, and outlives the process. */
  upload(sealing: Sealing, folder: string): Promise<UploadData>;
  /** Removes what an upload whose folder is there has written. */
  forget(upload: string, folder: string): Promise<void>;
}
