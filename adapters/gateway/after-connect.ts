import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import { Stream } from 'node:stream';
import { TLSSocket } from 'node:tls';

/**
 * A request's body that is left alone until the service has accepted the connection: what was refused has taken nothing,
 * so that a body of any length can still go elsewhere without having been kept.
 *
 * It stands for the body where one is piped; over a kept connection it begins at once.
 */
export class AfterConnect extends Stream {
  readonly #body: NodeJS.ReadableStream;
  readonly #onConnected: () => void;

  constructor(body: NodeJS.ReadableStream, onConnected: () => void) {
    super();
    this.#body = body;
    this.#onConnected = onConnected;
  }

  /** @param request to a service, not sent yet: the only thing a body is piped into here */
  override pipe<T extends NodeJS.WritableStream>(request: T): T {
    const begin = (): void => {
      this.#onConnected();
      this.#body.pipe(request);
    };
    (request as unknown as ClientRequest).once('socket', (socket) => {
      if (socket.connecting) socket.once(readyEvent(socket), begin);
      else if (!socket.destroyed) begin();
    });
    return request;
  }
}

function readyEvent(socket: Socket): string {
  return socket instanceof TLSSocket ? 'secureConnect' : 'connect';
}
