/** Bounds how many work at once; the others wait in line. */
export type Semaphore = Readonly<{
  /** @returns what gives the place back. @throws the signal's reason if it aborts before there is one */
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
