import { after } from 'node:test';
import { type RabbitServer, startRabbit } from '../../../testkit/rabbitmq.ts';
import { startTcpProxy } from '../../../testkit/tcp-proxy.ts';
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
  const cuts: (() => Promise<void>)[] = [];
  let isUp = true;
  const goDown = async () => {
    isUp = false;
    await rabbit.stop();
  };
  const comeUp = async () => {
    await rabbit.start();
    isUp = true;
  };
  return {
    async open(options) {
      const proxy = await startTcpProxy(rabbit.port);
      const url = rabbit.url.replace(String(rabbit.port), String(proxy.port));
      cuts.push(proxy.cut);
      return { queue: openRabbitQueue({ ...options, url, prefix }), die: proxy.cut };
    },
    goDown,
    comeUp,
    hang: async () => rabbit.pause(),
    goOn: async () => rabbit.resume(),
    losses: {
      'a queue deleted': () => rabbit.deleteQueue(names[0]!),
      'both queues purged': async () => {
        for (const name of names) await rabbit.purgeQueue(name);
      },
      // Not killed: RabbitMQ 3.10 may leave a queue without a leader that was declared moments before.
      'stopped and started': async () => {
        await goDown();
        await comeUp();
      },
      'killed, wiped and started': async () => {
        await rabbit.kill();
        await rabbit.wipe();
        await comeUp();
      },
    },
    async dispose() {
      for (const cut of cuts) await cut().catch(() => {});
      if (!isUp) await comeUp();
      for (const name of names) await rabbit.deleteQueue(name);
    },
  };
}
