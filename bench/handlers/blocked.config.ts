// The same destination, but its handler never ends by itself: what is accepted stays pending.
import type { UserConfig } from '../../src/config/define-config.ts';

export default {
  destinations: {
    bench: {
      concurrency: 1,
      timeoutSeconds: 3_600,
      handler: (_event, { signal }) =>
        new Promise<void>((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true });
        }),
    },
  },
} satisfies UserConfig;
