import { queueConformance } from '../conformance/index.ts';
import { MemoryBroker } from './broker.ts';
import { openMemoryQueue } from './open.ts';

queueConformance('memory', async () => {
  const broker = new MemoryBroker();
  return {
    async open(options) {
      const queue = openMemoryQueue(broker, options);
      return { queue, die: async () => queue.die() };
    },
    goDown: async () => broker.goDown(),
    comeUp: async () => broker.comeUp(),
    hang: async () => broker.goDown(),
    goOn: async () => broker.comeUp(),
    refusals: {
      'takes nothing': async () => {
        broker.goDown();
        return async () => broker.comeUp();
      },
    },
    losses: { flushed: async () => broker.forget() },
    dispose: async () => {},
  };
});
