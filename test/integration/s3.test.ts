import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createArtifactStore } from '../../adapters/artifacts/create-store.ts';
import { rewrapObjects } from '../../adapters/artifacts/rewrap-objects.ts';
import { readCredentials } from '../../adapters/artifacts/s3/credentials.ts';
import { createS3Client, type S3Client } from '../../adapters/artifacts/s3/s3-client.ts';
import { createS3Place } from '../../adapters/artifacts/s3/s3-place.ts';
import type { KeyRing } from '../../adapters/crypto/key-ring.ts';
import { contentOf, fileWith, fixedRing, keysOf, newFolder, noSignatures, uploadsIn } from '../support/artifacts.ts';
import { BUCKET, findS3Server, S3_CREDENTIALS, startS3Server, type S3Server } from '../support/s3-server.ts';

/** The least that a part may have. */
const CHUNK = 5 * 1024 * 1024;
const program = await findS3Server();
if (program === null) process.stdout.write('versitygw cannot be had here: artifacts in a bucket are not tested\n');
const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');

describe.skipIf(program === null)('artifacts in a bucket', () => {
  let server: S3Server;
  let made = 0;

  beforeAll(async () => {
    server = await startS3Server(program ?? '');
  });
  afterAll(async () => await server.stop());

  /** A store under a prefix of its own. */
  const newStore = () => {
    made += 1;
    return openStore(`team-${made}/`);
  };
  const openStore = (
    prefix: string,
    uploads = newFolder(),
    changes: { ring?: KeyRing; client?: S3Client; now?: () => number } = {},
  ) => {
    const config = { endpoint: server.endpoint, region: 'us-east-1', bucket: BUCKET, prefix };
    const client =
      changes.client ?? createS3Client(config, async () => await Promise.resolve(S3_CREDENTIALS), { firstPauseMs: 1 });
    const place = createS3Place(client, { chunkBytes: CHUNK });
    const keys = keysOf(changes.ring ?? fixedRing);
    const options = changes.now === undefined ? {} : { now: changes.now };
    return {
      prefix,
      uploads,
      client,
      place,
      keys,
      store: createArtifactStore({ place, keys, uploads, signatures: noSignatures }, options),
    };
  };
  const filesOf = (prefix: string, folder: string): string[] => readdirSync(join(server.folder, prefix, folder));
  const dataFileOf = (prefix: string): string => join(server.folder, prefix, 'data', filesOf(prefix, 'data')[0] ?? '');

  it.each([0, 10, CHUNK, 2 * CHUNK + 12_345])(
    'keeps a file of %i bytes, verified and fetched as it was',
    async (length) => {
      const { prefix, store, uploads } = newStore();
      const content = randomBytes(length);
      const ref = await store.put(fileWith(content));
      expect(ref).toEqual({ digest: sha256(content), bytes: length, files: 1 });
      expect(await store.verify(ref.digest)).toEqual({ ok: true, problem: null, bytes: length, signer: null });
      const target = join(newFolder(), 'copy');
      await store.fetch(ref.digest, target);
      expect(readFileSync(target).equals(content)).toBe(true);
      expect(filesOf(prefix, 'objects')).toEqual([`${ref.digest}.json`]);
      expect(uploadsIn(uploads)).toEqual([]);
    },
  );

  it('keeps a folder, and nothing of it in clear', async () => {
    const folder = newFolder('mlops-model-');
    mkdirSync(join(folder, 'sub'));
    fileWith('a secret of some length', folder, 'secret-name.txt');
    fileWith('two', join(folder, 'sub'), 'b c.txt');
    const { prefix, store } = newStore();
    const { digest } = await store.put(folder);
    expect(await store.verify(digest)).toEqual({ ok: true, problem: null, bytes: 26, signer: null });
    const target = join(newFolder(), 'copy');
    await store.fetch(digest, target);
    expect(contentOf(target)).toEqual(contentOf(folder));
    for (const [name, hex] of Object.entries(contentOf(join(server.folder, prefix))))
      expect(`${name} ${Buffer.from(hex, 'hex').toString('latin1')}`).not.toMatch(/secret/);
  });

  it('stores the same content once, also when several do at a time, and never changes what is there', async () => {
    const { prefix, store } = newStore();
    const content = randomBytes(CHUNK + 1);
    const stores = Array.from({ length: 4 }, () => openStore(prefix).store);
    const refs = await Promise.all(stores.map(async (one) => await one.put(fileWith(content))));
    expect(new Set(refs.map(({ digest }) => digest)).size).toBe(1);
    const before = contentOf(join(server.folder, prefix));
    expect(filesOf(prefix, 'data')).toHaveLength(1);
    await store.put(fileWith(content));
    expect(contentOf(join(server.folder, prefix))).toEqual(before);
  });

  it('finds what was changed, cut off, exchanged or lost', async () => {
    const { prefix, store } = newStore();
    const content = randomBytes(2 * CHUNK);
    const { digest } = await store.put(fileWith(content));
    const file = dataFileOf(prefix);
    const sound = readFileSync(file);
    const problemAfter = async (change: () => void): Promise<string | null> => {
      change();
      const { problem } = await store.verify(digest);
      return problem;
    };
    const changed = Buffer.from(sound);
    changed.writeUInt8(changed.readUInt8(CHUNK + 100) ^ 1, CHUNK + 100);
    expect(await problemAfter(() => writeFileSync(file, changed))).toMatch(/^chunk 2 of 2 was changed/);
    expect(await problemAfter(() => truncateSync(file, CHUNK))).toMatch(/cut off/);
    expect(await problemAfter(() => rmSync(file))).toBe('its data is missing');
    const record = join(server.folder, prefix, 'objects', `${digest}.json`);
    expect(await problemAfter(() => writeFileSync(record, '{}'))).toBe('its record was changed');
    expect(await problemAfter(() => rmSync(record))).toBe('it is not in the store');
  });

  it('goes on with an upload that was interrupted, part by part', async () => {
    const { prefix, store, uploads, client } = newStore();
    const content = randomBytes(7 * CHUNK);
    const path = fileWith(content);
    const controller = new AbortController();
    const first = store.put(path, {
      signal: controller.signal,
      onProgress: (bytes) => bytes >= 2 * CHUNK && controller.abort(new Error('enough')),
    });
    await expect(first).rejects.toThrow('enough');
    expect(uploadsIn(uploads)).toHaveLength(2);
    const written: string[] = [];
    const watched: S3Client = {
      ...client,
      send: async (request) => {
        if (request.method === 'PUT' && request.name.startsWith('data/'))
          written.push(request.query?.['partNumber'] ?? '');
        return await client.send(request);
      },
    };
    const again = openStore(prefix, uploads, { client: watched });
    const { digest } = await again.store.put(path);
    expect(digest).toBe(sha256(content));
    expect(written).not.toContain('1');
    expect(written).not.toContain('2');
    expect(written).toContain('7');
    expect(await store.verify(digest)).toMatchObject({ ok: true });
    expect(uploadsIn(uploads)).toEqual([]);
  });

  it('mixes no content that was changed between two tries', async () => {
    const { store } = newStore();
    const content = randomBytes(7 * CHUNK);
    const path = fileWith(content);
    const controller = new AbortController();
    await expect(
      store.put(path, {
        signal: controller.signal,
        onProgress: (bytes) => bytes >= 3 * CHUNK && controller.abort(new Error('enough')),
      }),
    ).rejects.toThrow('enough');
    content.writeUInt8(content.readUInt8(CHUNK + 1) ^ 1, CHUNK + 1);
    writeFileSync(path, content);
    const { digest } = await store.put(path);
    expect(digest).toBe(sha256(content));
    expect(await store.verify(digest)).toMatchObject({ ok: true });
  });

  it('removes what dead uploads have left, and nothing that has become an object', async () => {
    const { prefix, store, uploads, client } = newStore();
    const controller = new AbortController();
    const dead = store.put(fileWith(randomBytes(3 * CHUNK)), {
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    });
    await expect(dead).rejects.toThrow('enough');
    // One that is killed right after its object is there.
    const isThere = openStore(prefix, uploads, {
      client: {
        ...client,
        send: async (request) => {
          const answer = await client.send(request);
          if (request.method === 'PUT' && request.name.startsWith('objects/')) throw new Error('killed');
          return answer;
        },
      },
    });
    const content = randomBytes(2 * CHUNK);
    await expect(isThere.store.put(fileWith(content))).rejects.toThrow('killed');
    expect(uploadsIn(uploads)).toHaveLength(4);
    const later = openStore(prefix, uploads, { now: () => Date.now() + 1e10 });
    await later.store.put(fileWith('other'));
    expect(uploadsIn(uploads)).toEqual([]);
    expect(await store.verify(sha256(content))).toMatchObject({ ok: true });
    expect(filesOf(prefix, 'data')).toHaveLength(2);
    const { body } = await client.send({ method: 'GET', name: '', query: { uploads: '', prefix } });
    expect(body.toString()).not.toContain('<UploadId>');
  });

  it('rotates keys by records alone', async () => {
    const { prefix, place, store } = newStore();
    const { digest } = await store.put(fileWith('content'));
    const before = contentOf(join(server.folder, prefix));
    const ring: KeyRing = { active: 'k2', keys: new Map([...fixedRing.keys, ['k2', Buffer.alloc(32, 2)]]) };
    expect(await rewrapObjects(place, keysOf(ring), 'k2')).toBe(1);
    expect(await rewrapObjects(place, keysOf(ring), 'k2')).toBe(0);
    const after = contentOf(join(server.folder, prefix));
    expect(Object.keys(after).filter((name) => after[name] !== before[name])).toEqual([`objects/${digest}.json`]);
    const onlyNew = openStore(prefix, newFolder(), {
      ring: { active: 'k2', keys: new Map([['k2', Buffer.alloc(32, 2)]]) },
    });
    expect(await onlyNew.store.verify(digest)).toMatchObject({ ok: true });
  });

  it('replaces a record only as long as it is the one that was read', async () => {
    const { place, store } = newStore();
    const { digest } = await store.put(fileWith('content'));
    const placed = await place.record(digest);
    expect(await place.replaceRecord(digest, `${placed?.text ?? ''} `, placed?.mark ?? '')).toBe(true);
    expect(await place.replaceRecord(digest, 'another', placed?.mark ?? '')).toBe(false);
    expect((await place.record(digest))?.text).toBe(`${placed?.text ?? ''} `);
  });

  it('is examined: it can be written, and keeps to conditions', async () => {
    const { place, prefix, client } = newStore();
    await place.probe();
    expect(existsSync(join(server.folder, prefix))).toBe(false);
    const careless = createS3Place({
      ...client,
      send: async (request) => await client.send({ ...request, headers: {} }),
    });
    await expect(careless.probe()).rejects.toThrow(/wanted a server with conditional writes/);
  });

  it('says what is wrong: keys, bucket, server, and no secret', async () => {
    const config = { endpoint: server.endpoint, region: 'us-east-1', bucket: BUCKET, prefix: '' };
    const wrong = { ...S3_CREDENTIALS, secretKey: 'another-secret' };
    const refused = createS3Client(config, async () => await Promise.resolve(wrong));
    const error: unknown = await createS3Place(refused)
      .probe()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'ARTIFACT_STORE_UNUSABLE',
      message: expect.stringMatching(/SignatureDoesNotMatch/),
    });
    expect(String(error)).not.toContain('another-secret');
    const none = createS3Client({ ...config, bucket: 'none-such' }, async () => await Promise.resolve(S3_CREDENTIALS));
    await expect(none.send({ method: 'GET', name: '' })).rejects.toThrow(/NoSuchBucket/);
  });
});

describe('a client of S3', () => {
  async function withServer(
    handle: (request: IncomingMessage, response: ServerResponse) => void,
    use: (client: S3Client) => Promise<void>,
  ): Promise<void> {
    const server = createServer(handle).listen(0);
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const config = { endpoint, region: 'us-east-1', bucket: BUCKET, prefix: '' };
    try {
      await use(createS3Client(config, async () => await Promise.resolve(S3_CREDENTIALS), { firstPauseMs: 1 }));
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  it('tries again what the server cannot do now, and gives up some time', async () => {
    const seen: number[] = [];
    const statuses = [503, 429, 500, 200];
    await withServer(
      (request, response) => {
        request.resume().on('end', () => {
          const status = statuses.shift() ?? 500;
          seen.push(status);
          response.writeHead(status).end(status === 200 ? 'here' : '<Error><Code>SlowDown</Code></Error>');
        });
      },
      async (client) => {
        expect((await client.send({ method: 'PUT', name: 'a', body: Buffer.from('x') })).body.toString()).toBe('here');
        expect(seen).toEqual([503, 429, 500, 200]);
        await expect(client.send({ method: 'GET', name: 'a' })).rejects.toMatchObject({
          code: 'ARTIFACT_STORE_UNUSABLE',
          message: expect.stringMatching(/SlowDown/),
        });
        expect(seen).toHaveLength(10);
      },
    );
  });

  it('tries again when the connection breaks, and when 200 turns out to be an error', async () => {
    let asked = 0;
    await withServer(
      (request, response) => {
        asked += 1;
        if (asked === 1) request.socket.destroy();
        else response.writeHead(200).end(asked === 2 ? '<Error><Code>InternalError</Code></Error>' : '<Done/>');
      },
      async (client) => {
        expect((await client.send({ method: 'POST', name: 'a' })).body.toString()).toBe('<Done/>');
        expect(asked).toBe(3);
      },
    );
  });

  it('does not try again what is refused, and follows nobody to another server', async () => {
    let asked = 0;
    await withServer(
      (_request, response) => {
        asked += 1;
        response
          .writeHead(asked === 1 ? 403 : 307, { location: 'http://127.0.0.1:1/' })
          .end('<Error><Code>AccessDenied</Code><Message>not &lt;you&gt;</Message></Error>');
      },
      async (client) => {
        await expect(client.send({ method: 'GET', name: 'a' })).rejects.toThrow('GET a: AccessDenied: not <you> (403)');
        expect(asked).toBe(1);
        await expect(client.send({ method: 'GET', name: 'a' })).rejects.toMatchObject({
          code: 'ARTIFACT_STORE_UNUSABLE',
        });
      },
    );
  });
});

describe('readCredentials()', () => {
  it('takes the profile default of a file, or the environment', async () => {
    const file = fileWith(
      '[other]\naws_access_key_id = no\n[default]\naws_access_key_id = A\naws_secret_access_key=b/c+d=\n',
    );
    expect(await readCredentials(file, {})).toEqual({ accessKey: 'A', secretKey: 'b/c+d=', sessionToken: null });
    const env = { AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'B', AWS_SESSION_TOKEN: 'C' };
    expect(await readCredentials(null, env)).toEqual({ accessKey: 'A', secretKey: 'B', sessionToken: 'C' });
    await expect(readCredentials(null, { AWS_ACCESS_KEY_ID: 'A' })).rejects.toThrow(
      'there is no AWS_SECRET_ACCESS_KEY in the environment',
    );
    await expect(readCredentials(null, {})).rejects.toThrow('there is no AWS_ACCESS_KEY_ID in the environment');
  });
});
