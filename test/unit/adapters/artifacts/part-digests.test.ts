import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPartDigests } from '../../../../adapters/artifacts/part-digests.ts';

const digestOf = (content: Uint8Array, algorithm: string): string =>
  createHash(algorithm).update(content).digest('hex');

/** Where parts of a size end in so many bytes. */
function endsOf(bytes: number, size: number): { to: number }[] {
  return Array.from({ length: Math.max(1, Math.ceil(bytes / size)) }, (_, at) => ({
    to: Math.min((at + 1) * size, bytes),
  }));
}

describe('createPartDigests()', () => {
  it('digests each part alone, however the content is cut and in whatever order it comes', async () => {
    const anyOrder = fc.tuple(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 70 }), fc.nat(), fc.nat());
    await fc.assert(
      fc.asyncProperty(anyOrder, async ([content, size, cut, shuffle]) => {
        const parts = endsOf(content.length, size);
        const digests = createPartDigests('sha256', parts);
        const chunkBytes = (cut % 70) + 1;
        const chunks = endsOf(content.length, chunkBytes).map((_, at) => at * chunkBytes);
        const turned = [...chunks.slice(shuffle % chunks.length), ...chunks.slice(0, shuffle % chunks.length)];
        for (const at of turned) {
          const lent = Uint8Array.from(content.subarray(at, at + chunkBytes));
          await digests.sink(lent, at);
          lent.fill(0);
        }
        const wanted = parts.map(({ to }, at) => digestOf(content.subarray(at * size, to), 'sha256'));
        expect(digests.digests()).toEqual(wanted);
      }),
    );
  });

  it('knows BLAKE2b', async () => {
    const digests = createPartDigests('blake2b', [{ to: 3 }]);
    await digests.sink(Buffer.from('abc'), 0);
    // The example of RFC 7693, appendix A.
    expect(digests.digests()[0]).toMatch(/^ba80a53f981c4d0d6a2797b69f12f6e9/);
  });

  it('has fewer digests when content is missing', async () => {
    const digests = createPartDigests('sha256', [{ to: 2 }, { to: 4 }]);
    await digests.sink(Buffer.from('ab'), 0);
    expect(digests.digests()).toHaveLength(1);
  });
});
