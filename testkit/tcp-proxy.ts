import { connect, createServer, type Socket } from 'node:net';

export type TcpProxy = Readonly<{
  port: number;
  /** Ends all connections and takes no more, as when the process behind them is killed. */
  cut(): Promise<void>;
  /** Passes on nothing more on the connections that there are, as a firewall that has forgotten them; new ones work. */
  forget(): void;
  /** New connections go to another server; those that there are stay. */
  leadTo(port: number): void;
  /** Takes connections again, on the same port. */
  restore(): Promise<void>;
}>;

/** A way to a server that a test can disturb, without the server or the client knowing. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  let target = targetPort;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect({ port: target, host: '127.0.0.1' });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('error', () => {});
      one.once('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  const listen = (port: number) =>
    new Promise<void>((resolve) => server.listen(port, '127.0.0.1', () => resolve()));
  await listen(0);
  const { port } = server.address() as { port: number };
  return {
    port,
    async cut() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    forget() {
      for (const socket of sockets) socket.unpipe().resume();
    },
    leadTo(port) {
      target = port;
    },
    restore: () => listen(port),
  };
}
