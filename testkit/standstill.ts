/**
 * How long nothing at all may happen before a wait gives up. It decides only whether work goes on: a slow machine makes
 * progress slowly, a program that is stuck makes none.
 */
export const STANDSTILL_MS = 120_000;

const BETWEEN_LOOKS_MS = 1_000;

/** Says whether anything still makes progress. */
export type Movement = Readonly<{
  /** Notes that something has happened. */
  moved(): void;
  hasStopped(): boolean;
}>;

export function watchMovement(nowMs: () => number = () => performance.now()): Movement {
  let lastMs = nowMs();
  return {
    moved() {
      lastMs = nowMs();
    },
    hasStopped: () => nowMs() - lastMs > STANDSTILL_MS,
  };
}

/**
 * Waits for the work as long as it moves.
 * @throws what `complain` returns, when nothing has moved for `STANDSTILL_MS`
 */
export async function whileMoving<T>(
  work: Promise<T>,
  movement: Movement,
  complain: () => string,
): Promise<T> {
  const stopped = Promise.withResolvers<never>();
  const timer = setInterval(() => {
    if (movement.hasStopped()) stopped.reject(new Error(`${complain()}: nothing moves any more`));
  }, BETWEEN_LOOKS_MS);
  try {
    return await Promise.race([work, stopped.promise]);
  } finally {
    clearInterval(timer);
  }
}
