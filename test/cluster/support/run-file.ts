import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The file that handlers write their runs to, in the folder of their process. */
export const RUN_FILE = 'runs.jsonl';

type Begun = Readonly<{ run: string; startMs: number }>;
type Ended = Readonly<{ run: string; endMs: number }>;

/** A run as its handler wrote it down, and its end, or null when the process did not live to see it. */
export type RunLines<Start, End> = Readonly<{ start: Start; end: End | null }>;

/** All runs so far, in the order in which they began. */
export async function readRunLines<Start extends Begun, End extends Ended>(
  folder: string,
): Promise<RunLines<Start, End>[]> {
  const text = await readFile(join(folder, RUN_FILE), 'utf8').catch(() => '');
  // What follows the last line end is a line that is being written.
  const lines = text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Start | End);
  const ends = new Map(lines.flatMap((line) => ('endMs' in line ? [[line.run, line] as const] : [])));
  return lines
    .flatMap((line) => ('startMs' in line ? [line] : []))
    .map((start) => ({ start, end: ends.get(start.run) ?? null }))
    .toSorted((a, b) => a.start.startMs - b.start.startMs);
}
