import { percentile } from '../support/stats.ts';

/** A request is repeated so often, unless that takes longer than MOST_MS. */
const REPEATS = 40;
const LEAST_REPEATS = 3;
const MOST_MS = 3_000;

export type Asked = Readonly<{ firstByteMs: number; text: string; status: number }>;

/** Asks once. */
export async function ask(url: URL | string, headers: Readonly<Record<string, string>>): Promise<Asked> {
  const startedAtMs = performance.now();
  const answer = await fetch(url, { headers, redirect: 'manual' });
  const firstByteMs = performance.now() - startedAtMs;
  const text = await answer.text();
  return { firstByteMs, text, status: answer.status };
}

export type Times = Readonly<{ p50Ms: number; p95Ms: number; count: number }>;

/** Asks again and again. @param once asks the next time, and returns the time in ms, or null when there is nothing to ask */
export async function repeat(once: (time: number) => Promise<number | null>): Promise<Times> {
  const times: number[] = [];
  const startedAtMs = performance.now();
  for (let time = 0; time < REPEATS; time += 1) {
    if (time >= LEAST_REPEATS && performance.now() - startedAtMs > MOST_MS) break;
    const ms = await once(time);
    if (ms !== null) times.push(ms);
  }
  return { p50Ms: percentile(times, 0.5), p95Ms: percentile(times, 0.95), count: times.length };
}
