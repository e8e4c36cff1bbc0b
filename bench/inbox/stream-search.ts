import { ADMIN } from './receiver.ts';

export type Streamed = Readonly<{
  /** Until the first line came. */
  firstLineMs: number;
  /** Until the search was over. */
  totalMs: number;
  hits: number;
  scanned: number;
}>;

/** Searches until there is a hit, or everything was looked at, as a stream does that somebody reads. */
export async function streamSearch(origin: string, q: string, signal?: AbortSignal): Promise<Streamed> {
  const url = new URL('/admin/events', origin);
  url.searchParams.set('q', q);
  url.searchParams.set('limit', '1');
  const startedAtMs = performance.now();
  const headers = { ...ADMIN, accept: 'application/x-ndjson' };
  const answer = await fetch(url, { headers, signal: signal ?? null });
  if (!answer.ok) throw new Error(`the search is answered ${answer.status}: ${await answer.text()}`);
  let [firstLineMs, text] = [Number.NaN, ''];
  const decoder = new TextDecoder();
  for await (const chunk of answer.body!) {
    if (text === '') firstLineMs = performance.now() - startedAtMs;
    text += decoder.decode(chunk as Uint8Array, { stream: true });
  }
  const lines = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
  const failed = lines.find(({ error }) => error !== undefined);
  if (failed !== undefined) throw new Error(`the search fails: ${JSON.stringify(failed)}`);
  return {
    firstLineMs,
    totalMs: performance.now() - startedAtMs,
    hits: lines.filter(({ event }) => event !== undefined).length,
    scanned: Math.max(0, ...lines.map(({ progress }) => progress?.scanned ?? 0)),
  };
}

type Line = Readonly<{ event?: object; error?: unknown; progress?: Readonly<{ scanned: number }> }>;
