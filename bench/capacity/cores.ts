import type { Timeline } from './timeline.ts';

/** The processors of one machine: work waits in line while none is free. */
export type Cores = Readonly<{
  run(busyMs: number, done: () => void): void;
  /** Processor time used so far. */
  usedMs(): number;
}>;

export function createCores(timeline: Timeline, count: number): Cores {
  const waiting: (readonly [busyMs: number, done: () => void])[] = [];
  let head = 0;
  let free = count;
  let usedMs = 0;
  const start = (busyMs: number, done: () => void) => {
    usedMs += busyMs;
    timeline.after(busyMs, () => {
      if (head < waiting.length) {
        const [nextMs, nextDone] = waiting[head++]!;
        if (head > 1024 && head * 2 > waiting.length) {
          waiting.splice(0, head);
          head = 0;
        }
        start(nextMs, nextDone);
      } else {
        free += 1;
      }
      done();
    });
  };
  return {
    run(busyMs, done) {
      if (free === 0) return void waiting.push([busyMs, done]);
      free -= 1;
      start(busyMs, done);
    },
    usedMs: () => usedMs,
  };
}
