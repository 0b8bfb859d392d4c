import { Client, Connection } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { createPayloadCodec } from '../../../adapters/temporal/codec.ts';
import { createRollouts } from '../../../client/rollouts/rollouts.ts';
import type { RolloutRequest } from '../../../domain/rollout/run.ts';

const key = (byte: number): Buffer => Buffer.alloc(32, byte);
const PAYLOAD = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('"customers see errors"') };

describe('the payload codec', () => {
  it('leaves no plain text, and gives back what was encoded, with an older key too', async () => {
    const before = createPayloadCodec({ active: 'k1', keys: new Map([['k1', key(1)]]) });
    const rotated = createPayloadCodec({
      active: 'k2',
      keys: new Map([
        ['k1', key(1)],
        ['k2', key(2)],
      ]),
    });
    for (const codec of [before, rotated]) {
      const encoded = await codec.encode([PAYLOAD]);
      expect(Buffer.from(encoded[0]?.data ?? []).toString('latin1')).not.toContain('customers');
      const [decoded] = await rotated.decode(encoded);
      expect(Buffer.from(decoded?.data ?? [])).toEqual(PAYLOAD.data);
    }
  });

  it('takes what was never sealed as it is, or for nothing where only what is sealed counts', async () => {
    const keys = { active: 'k1', keys: new Map([['k1', key(1)]]) };
    expect(await createPayloadCodec(keys).decode([PAYLOAD])).toEqual([PAYLOAD]);
    const strict = createPayloadCodec(keys, 'sealed');
    const sealed = await strict.encode([PAYLOAD]);
    const read = await strict.decode([PAYLOAD, ...sealed, {}]);
    expect(read.map(({ data }) => Buffer.from(data ?? []).toString())).toEqual([
      'null',
      '"customers see errors"',
      'null',
    ]);
  });

  it.each([
    ['is not there', new Map([['k2', key(2)]]), 'k2'],
    ['is another one of the same name', new Map([['k1', key(2)]]), 'k1'],
  ])('names the key when it %s', async (_, keys, active) => {
    const encoded = await createPayloadCodec({ active: 'k1', keys: new Map([['k1', key(1)]]) }).encode([PAYLOAD]);
    await expect(createPayloadCodec({ active, keys }).decode(encoded)).rejects.toMatchObject({
      code: 'PAYLOAD_UNREADABLE',
      message: 'Payload cannot be decrypted: key k1 is missing or wrong',
    });
  });

  it('refuses more than 2 MiB with one error, before anything is sent', async () => {
    const codec = createPayloadCodec({ active: 'k1', keys: new Map([['k1', key(1)]]) });
    // Nothing listens there: a call that was sent would say so.
    const connection = Connection.lazy({ address: '127.0.0.1:9' });
    const rollouts = createRollouts(new Client({ connection, dataConverter: { payloadCodecs: [codec] } }), 'dev');
    const request = { model: 'm', environment: 'dev', stable: { version: '1' }, canary: { version: '2' }, reason: '' };
    const start = async (reason: string) =>
      await rollouts.start({ ...request, reason } as RolloutRequest, { supersede: false, actor: 'me' });
    await expect(start('x'.repeat(3_000_000))).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
      exitCode: 2,
      message: expect.stringMatching(/^Payload of 3000\d{3} bytes refused: Temporal takes at most 2097152$/) as string,
    });
    await connection.close();
  });
});
