const HOURLY_MS = 3_600_000;

/**
 * Keeps the process alive while `work` is in progress. Timers of a clock and of a connection pool do not: a command that
 * waits only for them would end in the middle, when the event loop is empty.
 */
export async function keepAlive<T>(work: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => {}, HOURLY_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
