/** Bounds how many work at once; the others queue, first come, first served. */
export type Semaphore = Readonly<{
  /** @returns a function that releases the permit. @throws the signal's reason if it aborts first */
  take(signal?: AbortSignal): Promise<() => void>;
}>;

export function createSemaphore(count: number): Semaphore {
  let free = count;
  const line = new Set<() => void>();

  const giveBack = () => {
    free += 1;
    const [next] = line;
    if (next === undefined) return;
    line.delete(next);
    next();
  };
  const occupy = () => {
    free -= 1;
    let isHeld = true;
    return () => {
      if (isHeld) giveBack();
      isHeld = false;
    };
  };
  return {
    take(signal) {
      if (signal?.aborted === true) return Promise.reject(signal.reason);
      if (free > 0) return Promise.resolve(occupy());
      return new Promise((resolve, reject) => {
        const onTurn = () => {
          signal?.removeEventListener('abort', onAbort);
          resolve(occupy());
        };
        const onAbort = () => {
          line.delete(onTurn);
          reject(signal!.reason);
        };
        line.add(onTurn);
        signal?.addEventListener('abort', onAbort, { once: true });
      });
    },
  };
}
