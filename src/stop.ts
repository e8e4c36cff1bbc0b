import type { Emit } from './events.ts';
import { monotonicMs } from './runtime/clock.ts';

/** Ends everything in reverse, once, however often it is called. */
export function createStop(
  running: AsyncDisposableStack,
  emit: Emit,
  onStopping: () => void,
): () => Promise<void> {
  let stopping: Promise<void> | null = null;
  const stop = async () => {
    onStopping();
    emit({ type: 'receiver.notice', message: 'stopping: no more events are accepted, work drains' });
    await running.disposeAsync();
    emit({ type: 'receiver.notice', message: 'stopped' });
  };
  return () => {
    stopping ??= stop();
    return stopping;
  };
}

/** Rejects once the receiver can no longer do its work. */
export function createFailure(): PromiseWithResolvers<never> {
  const failure = Promise.withResolvers<never>();
  // Nobody listens any more once the receiver is stopped.
  failure.promise.catch(() => {});
  return failure;
}

/** The least time for recorded spans to be sent, whatever the grace has left. */
const LEAST_FLUSH_MS = 1000;

/** How much of the grace of a stop is left to send what is recorded, once all work has ended. */
export function createStopWatch(graceMs: number) {
  let beganMs: number | null = null;
  return {
    begin() {
      beganMs = monotonicMs();
    },
    flushMs: () => Math.max(LEAST_FLUSH_MS, graceMs - (beganMs === null ? 0 : monotonicMs() - beganMs)),
  };
}
