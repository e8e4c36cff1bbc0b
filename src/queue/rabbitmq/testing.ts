import { after } from 'node:test';
import { type RabbitServer, startRabbit } from '../../../testkit/rabbitmq.ts';
import { startTcpProxy, type TcpProxy } from '../../../testkit/tcp-proxy.ts';
import type { QueueRig } from '../conformance/index.ts';
import { queueName } from './declare.ts';
import { openRabbitQueue } from './open.ts';

/** One node for all tests, because it takes seconds to start; each test has queues of its own. */
let starting: Promise<RabbitServer> | null = null;
let rigs = 0;
after(async () => (await starting)?.dispose());

/** A rig on that node. */
export async function createRabbitRig(destinations: readonly string[]): Promise<QueueRig> {
  starting ??= startRabbit();
  const rabbit = await starting;
  const prefix = `test-${++rigs}`;
  const names = destinations.map((destination) => queueName(prefix, destination));
  const ways = new Set<TcpProxy>();
  let isUp = true;
  const cutAll = () => Promise.all([...ways].map(({ cut }) => cut()));
  return {
    async open(options) {
      const proxy = await startTcpProxy(rabbit.port);
      const url = rabbit.url.replace(String(rabbit.port), String(proxy.port));
      ways.add(proxy);
      if (!isUp) await proxy.cut();
      const die = () => {
        ways.delete(proxy);
        return proxy.cut();
      };
      return { queue: openRabbitQueue({ ...options, url, prefix }), die };
    },
    // Out of reach: a node takes seconds to stop and start, which two of the losses make it do.
    async goDown() {
      isUp = false;
      await cutAll();
    },
    async comeUp() {
      isUp = true;
      await Promise.all([...ways].map(({ restore }) => restore()));
    },
    hang: async () => rabbit.pause(),
    goOn: async () => rabbit.resume(),
    refusals: {
      'a memory alarm': async () => {
        await rabbit.raiseAlarm();
        return () => rabbit.endAlarm();
      },
    },
    losses: {
      'a queue deleted': () => rabbit.deleteQueue(names[0]!),
      'both queues purged': async () => {
        for (const name of names) await rabbit.purgeQueue(name);
      },
      // Not killed: RabbitMQ 3.10 may leave a queue without a leader that was declared moments before.
      'stopped and started': async () => {
        await rabbit.stop();
        await rabbit.start();
      },
      'killed, wiped and started': async () => {
        await rabbit.kill();
        await rabbit.wipe();
        await rabbit.start();
      },
    },
    async dispose() {
      if (isUp) await cutAll();
      for (const name of names) await rabbit.deleteQueue(name);
    },
  };
}
