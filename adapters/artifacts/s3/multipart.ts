import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from '../../files/durable-file.ts';
import type { PlacedRecord, UploadData } from '../object-place.ts';
import { chunkCountOf, parseRecord, renderRecord, type ObjectRecord, type Sealing } from '../object-record.ts';
import type { S3Client } from './s3-client.ts';
import { xmlText, xmlValue, xmlValues } from './xml.ts';

/** A part that the bucket has. */
interface Part {
  readonly number: number;
  readonly etag: string;
  readonly bytes: number;
  /** Base64, where the server keeps it */
  readonly sha256: string | null;
}

interface Upload {
  readonly sealing: Sealing;
  /** On this machine */
  readonly folder: string;
  readonly recordName: (digest: string) => string;
  readonly recordOf: (digest: string) => Promise<PlacedRecord | null>;
}

/** Which multipart upload an upload is, and which object it has begun to be published as. */
const MULTIPART_FILE = 'multipart';
const PUBLISHING_FILE = 'publishing';

/** Goes on with the multipart upload of a folder, or begins one. A content of one chunk is one request. */
export async function openMultipart(client: S3Client, upload: Upload): Promise<UploadData> {
  const name = dataName(upload.sealing.upload);
  const isSingle = chunkCountOf(upload.sealing) === 1;
  const begun = isSingle ? null : await beginOrGoOn(client, name, upload.folder);
  const parts = new Map((begun?.parts ?? []).map((part) => [part.number, part]));
  return {
    async holds(index, sealed) {
      const part = parts.get(index + 1);
      return await Promise.resolve(part !== undefined && isSame(part, sealed));
    },
    async write(index, sealed) {
      const sha256 = createHash('sha256').update(sealed).digest('base64');
      const query = begun === null ? {} : { partNumber: String(index + 1), uploadId: begun.id };
      const { headers } = await client.send({
        method: 'PUT',
        name,
        query,
        headers: { 'x-amz-checksum-sha256': sha256 },
        body: sealed,
      });
      parts.set(index + 1, { number: index + 1, etag: headers.get('etag') ?? '', bytes: sealed.length, sha256 });
    },
    async publish(record) {
      // From here on nobody goes on with it: its name may be that of an object.
      await writeDurably(join(upload.folder, PUBLISHING_FILE), record.digest);
      await rm(join(upload.folder, 'state.json'), { force: true });
      if (begun !== null) await complete(client, { name, id: begun.id }, partsOf(record, parts));
      await client.send({ method: 'PUT', name: `sizes/${record.bytes}` });
      return await putRecord(client, upload, record);
    },
    discard: async () => {
      if (begun !== null) await abort(client, name, begun.id);
      await client.send({ method: 'DELETE', name, expects: [404] });
    },
    close: async () => await Promise.resolve(),
  };
}

/** Removes what an upload has written, unless it is the data of an object by now. */
export async function forgetUpload(
  client: S3Client,
  { upload, folder }: { readonly upload: string; readonly folder: string },
  uploadOf: (digest: string) => Promise<string | null>,
): Promise<void> {
  const digest = await readOrNull(join(folder, PUBLISHING_FILE));
  if (digest !== null && (await uploadOf(digest)) === upload) return;
  const id = await readOrNull(join(folder, MULTIPART_FILE));
  if (id !== null) await abort(client, dataName(upload), id);
  await client.send({ method: 'DELETE', name: dataName(upload), expects: [404] });
}

function dataName(upload: string): string {
  return `data/${upload}`;
}

async function beginOrGoOn(
  client: S3Client,
  name: string,
  folder: string,
): Promise<{ readonly id: string; readonly parts: readonly Part[] }> {
  const file = join(folder, MULTIPART_FILE);
  const known = await readOrNull(file);
  const parts = known === null ? null : await listParts(client, name, known);
  if (known !== null && parts !== null) return { id: known, parts };
  const headers = { 'x-amz-checksum-algorithm': 'SHA256' };
  const { body } = await client.send({ method: 'POST', name, query: { uploads: '' }, headers });
  const id = xmlValue(body.toString(), 'UploadId') ?? '';
  await writeDurably(file, id);
  return { id, parts: [] };
}

/** Null when the server no longer knows the upload. */
async function listParts(client: S3Client, name: string, uploadId: string): Promise<Part[] | null> {
  const parts: Part[] = [];
  for (let marker: string | null = ''; marker !== null;) {
    const query = { uploadId, ...(marker === '' ? {} : { 'part-number-marker': marker }) };
    const { body, status } = await client.send({ method: 'GET', name, query, expects: [404] });
    if (status === 404) return null;
    const text = body.toString();
    parts.push(...xmlValues(text, 'Part').map(parsePart));
    marker = xmlValue(text, 'IsTruncated') === 'true' ? xmlValue(text, 'NextPartNumberMarker') : null;
  }
  return parts;
}

function parsePart(text: string): Part {
  return {
    number: Number(xmlValue(text, 'PartNumber')),
    etag: xmlValue(text, 'ETag') ?? '',
    bytes: Number(xmlValue(text, 'Size')),
    sha256: xmlValue(text, 'ChecksumSHA256'),
  };
}

/** By its SHA-256 where the server keeps one, else by its MD5, which is what an ETag mostly is; another one counts as another part. */
function isSame({ bytes, etag, sha256 }: Part, sealed: Uint8Array): boolean {
  if (bytes !== sealed.length) return false;
  if (sha256 !== null) return sha256 === createHash('sha256').update(sealed).digest('base64');
  return etag.replaceAll('"', '') === createHash('md5').update(sealed).digest('hex');
}

/** Those of the object; an earlier try may have written more than there are now. */
function partsOf(record: ObjectRecord, parts: ReadonlyMap<number, Part>): Part[] {
  return [...parts.values()]
    .filter(({ number }) => number <= chunkCountOf(record))
    .toSorted((a, b) => a.number - b.number);
}

async function complete(
  client: S3Client,
  { name, id }: { readonly name: string; readonly id: string },
  parts: readonly Part[],
): Promise<void> {
  const items = parts.map(({ etag, number, sha256 }) => {
    const checksum = sha256 === null ? '' : `<ChecksumSHA256>${sha256}</ChecksumSHA256>`;
    return `<Part><PartNumber>${number}</PartNumber><ETag>${xmlText(etag)}</ETag>${checksum}</Part>`;
  });
  const text = `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${items.join('')}</CompleteMultipartUpload>`;
  const request = { method: 'POST', name, query: { uploadId: id }, body: Buffer.from(text), expects: [404] } as const;
  if ((await client.send(request)).status === 200) return;
  // An answer that was lost: the second try finds the upload completed. Without the data this throws.
  await client.send({ method: 'HEAD', name });
}

async function abort(client: S3Client, name: string, uploadId: string): Promise<void> {
  await client.send({ method: 'DELETE', name, query: { uploadId }, expects: [404] });
}

/** False when the digest has a record of another upload. A request that was tried again may find its own. */
async function putRecord(client: S3Client, { recordName, recordOf }: Upload, record: ObjectRecord): Promise<boolean> {
  const headers = { 'if-none-match': '*', 'content-type': 'application/json' };
  const body = Buffer.from(renderRecord(record));
  await client.send({ method: 'PUT', name: recordName(record.digest), headers, body, expects: [412] });
  const placed = await recordOf(record.digest);
  return placed !== null && parseRecord(placed.text)?.upload === record.upload;
}

async function readOrNull(file: string): Promise<string | null> {
  return await readFile(file, 'utf8').catch(() => null);
}
