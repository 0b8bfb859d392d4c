import type { IncomingMessage } from 'node:http';

/** The body, whatever way it is sent; null when it is longer. */
export async function readAtMost(request: IncomingMessage, most: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  // The connection is still needed for the answer when the reading stops early.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += (chunk as Buffer).length;
    if (size > most) return null;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}
