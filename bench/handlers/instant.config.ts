// A destination that is done at once. With BENCH_WAITS_FILE it notes how long each event waited for it.
import { writeFileSync } from 'node:fs';
import type { UserConfig } from '../../src/config/define-config.ts';

const waitsFile = process.env.BENCH_WAITS_FILE;
const waits: number[] = [];

if (waitsFile !== undefined) {
  process.on('exit', () => writeFileSync(waitsFile, JSON.stringify(waits)));
}

export default {
  destinations: {
    bench: {
      concurrency: Number(process.env.WORKER_COUNT ?? 85),
      handler: (event) => {
        if (waitsFile === undefined) return;
        // Twice a sample: when it was accepted, and how long it waited since.
        const nowMs = performance.timeOrigin + performance.now();
        waits.push(event.receivedAtMs, nowMs - event.receivedAtMs);
      },
    },
  },
} satisfies UserConfig;
