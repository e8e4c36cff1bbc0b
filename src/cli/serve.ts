import { type Internals, startApp } from '../app.ts';
import { loadConfig } from '../config/load.ts';

/**
 * `webhook-receiver serve`: runs until SIGTERM or SIGINT. The first signal drains and ends with status 0, a second
 * one ends at once; what was at work then is charged as interrupted at the next start.
 */
export async function serve(internals?: Internals): Promise<void> {
  const config = await loadConfig({ env: process.env, cwd: process.cwd() });
  const stop = Promise.withResolvers<void>();
  let signals = 0;
  for (const [signal, number] of [
    ['SIGTERM', 15],
    ['SIGINT', 2],
  ] as const) {
    process.on(signal, () => {
      signals += 1;
      if (signals > 1) process.exit(128 + number);
      stop.resolve();
    });
  }
  const app = await startApp(config, internals);
  await Promise.race([stop.promise, app.failed]);
  await app.stop();
  process.exit(0);
}
