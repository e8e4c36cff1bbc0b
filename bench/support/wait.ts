import { setTimeout as sleep } from 'node:timers/promises';

export async function sleepMs(delayMs: number): Promise<void> {
  await sleep(delayMs);
}

/** Asks again and again until the answer is yes; false when patience ends first. */
export async function waitUntil(
  holds: () => Promise<boolean>,
  timeoutMs: number,
  everyMs = 50,
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadline) return false;
    await sleepMs(everyMs);
  }
  return true;
}
