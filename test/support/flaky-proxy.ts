import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface FlakyProxy {
  port: number;
  /** So many answers are read to their end and thrown away with the connection: the client cannot know what became of it. */
  dropAnswers(count: number): void;
  readonly dropped: number;
  readonly requests: number;
  close(): Promise<void>;
}

/** A line between client and gateway that breaks in the worst moment: after the request was done, before its answer. */
export async function flakyProxy(to: number): Promise<FlakyProxy> {
  const sockets = new Set<Socket>();
  let toDrop = 0;
  let dropped = 0;
  let requests = 0;
  const server = createServer((client) => {
    const upstream = connect(to, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (part) => {
      if (part.subarray(0, 5).toString() === 'POST ') requests++;
    });
    client.pipe(upstream);
    upstream.on('data', (answer) => {
      if (toDrop === 0) return client.write(answer);
      toDrop--;
      dropped++;
      return client.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    dropAnswers(count) {
      toDrop = count;
    },
    get dropped() {
      return dropped;
    },
    get requests() {
      return requests;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
