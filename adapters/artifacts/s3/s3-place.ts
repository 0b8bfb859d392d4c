import { randomBytes } from 'node:crypto';
import { isDigest } from '../../../domain/registry/artifact.ts';
import { MlopsError } from '../../../domain/errors.ts';
import type { ObjectPlace, PlacedRecord, SealedData } from '../object-place.ts';
import { parseRecord } from '../object-record.ts';
import { openMultipart, forgetUpload } from './multipart.ts';
import type { S3Client } from './s3-client.ts';
import { xmlValue, xmlValues } from './xml.ts';

/** A bucket takes no smaller part but the last. */
const CHUNK_BYTES = 8 * 1024 * 1024;
/** A bucket takes 10,000 parts. */
const MOST_CHUNKS = 9000;

/**
 * Objects in a bucket: `objects/<digest>.json` is the record and `data/<upload>` the data, which nobody looks for before the record is
 * there. A record is written on the condition that there is none, so the first one stays.
 *
 * @param options.chunkBytes for tests
 */
export function createS3Place(client: S3Client, { chunkBytes = CHUNK_BYTES } = {}): ObjectPlace {
  const recordOf = async (digest: string): Promise<PlacedRecord | null> => {
    const { body, headers, status } = await client.send({ method: 'GET', name: recordName(digest), expects: [404] });
    return status === 404 ? null : { text: body.toString('utf8'), mark: headers.get('etag') ?? '' };
  };
  return {
    name: client.place,
    probe: async () => await probe(client),
    chunkBytesFor(bytes) {
      let size = chunkBytes;
      while (size * MOST_CHUNKS < bytes) size *= 2;
      return size;
    },
    record: recordOf,
    async replaceRecord(digest, text, mark) {
      const headers = { 'if-match': mark, 'content-type': 'application/json' };
      const request = { method: 'PUT', name: recordName(digest), headers, body: Buffer.from(text) } as const;
      return (await client.send({ ...request, expects: [404, 412] })).status === 200;
    },
    digests: () => listDigests(client),
    async mayHaveSize(bytes) {
      const { status } = await client.send({ method: 'HEAD', name: `sizes/${bytes}`, expects: [404] });
      return status !== 404;
    },
    openData: async ({ upload }) => await openData(client, `data/${upload}`),
    upload: async (sealing, folder) =>
      await openMultipart(client, { sealing, folder, recordName, recordOf: async (digest) => await recordOf(digest) }),
    forget: async (upload, folder) =>
      await forgetUpload(client, { upload, folder }, async (digest) => {
        const placed = await recordOf(digest);
        return placed === null ? null : (parseRecord(placed.text)?.upload ?? null);
      }),
  };
}

function recordName(digest: string): string {
  return `objects/${digest}.json`;
}

/** Also that the server keeps to conditions: without them the first record would not stay. */
async function probe(client: S3Client): Promise<void> {
  const name = `probe-${randomBytes(6).toString('hex')}`;
  const put = async (): Promise<number> =>
    (
      await client.send({
        method: 'PUT',
        name,
        headers: { 'if-none-match': '*' },
        body: Buffer.from('x'),
        expects: [412],
      })
    ).status;
  try {
    await put();
    if ((await put()) === 412) return;
    const problem = 'it overwrites what is there in spite of If-None-Match, wanted a server with conditional writes';
    throw new MlopsError('ARTIFACT_STORE_UNUSABLE', { store: client.place, problem });
  } finally {
    await client.send({ method: 'DELETE', name, expects: [404] });
  }
}

async function* listDigests(client: S3Client): AsyncGenerator<string> {
  const start = `${client.prefix}objects/`;
  for (let token: string | null = ''; token !== null;) {
    const query = { 'list-type': '2', prefix: start, ...(token === '' ? {} : { 'continuation-token': token }) };
    const text: string = (await client.send({ method: 'GET', name: '', query })).body.toString('utf8');
    for (const key of xmlValues(text, 'Key')) {
      const digest = key.slice(start.length).replace(/\.json$/, '');
      if (isDigest(digest)) yield digest;
    }
    token = xmlValue(text, 'NextContinuationToken');
  }
}

async function openData(client: S3Client, name: string): Promise<SealedData | null> {
  const { headers, status } = await client.send({ method: 'HEAD', name, expects: [404] });
  if (status === 404) return null;
  return {
    bytes: Number(headers.get('content-length') ?? 0),
    async read(at, into) {
      if (into.length === 0) return 0;
      const range = { range: `bytes=${at}-${at + into.length - 1}` };
      const { body, status } = await client.send({ method: 'GET', name, headers: range, expects: [404, 416] });
      // A server that knows no ranges gives everything.
      const part =
        status === 200 ? body.subarray(at, at + into.length) : status === 206 ? body.subarray(0, into.length) : NONE;
      into.set(part);
      return part.length;
    },
    close: async () => await Promise.resolve(),
  };
}

const NONE = new Uint8Array();
