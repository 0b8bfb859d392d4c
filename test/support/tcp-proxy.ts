import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A network that can fail, between a client and a port of this machine. */
export interface TcpProxy {
  readonly address: string;
  /** Every piece of data takes that much longer. */
  slow(delayMs: number): void;
  /** Connections stay, and nothing comes through them. */
  silence(): void;
  /** Connections break, and new ones are closed at once. */
  cut(): void;
  /** Data flows again; what was silent breaks, as after the network's own time-outs. */
  mend(): void;
  close(): void;
}

export async function startTcpProxy(port: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const network = { delayMs: 0, isSilent: false, isCut: false };
  const breakAll = (): void => sockets.forEach((socket) => socket.destroy());
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined).once('close', () => [near, far].forEach((end) => end.destroy()));
      socket.once('close', () => sockets.delete(socket));
    }
    if (network.isCut) near.destroy();
    carry(near, far, network);
    carry(far, near, network);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    slow: (delayMs) => void (network.delayMs = delayMs),
    silence: () => void (network.isSilent = true),
    cut: () => {
      network.isCut = true;
      breakAll();
    },
    mend: () => {
      Object.assign(network, { delayMs: 0, isSilent: false, isCut: false });
      breakAll();
    },
    close: () => {
      server.close();
      breakAll();
    },
  };
}

/** In order, whatever the delay is when a piece comes. */
function carry(from: Socket, to: Socket, network: { readonly delayMs: number; readonly isSilent: boolean }): void {
  let last = Promise.resolve();
  from.on('data', (data: Buffer) => {
    const due = Date.now() + network.delayMs;
    last = last.then(async () => {
      await new Promise((resolve) => setTimeout(resolve, due - Date.now()));
      if (!network.isSilent && !to.destroyed) to.write(data);
    });
  });
}
