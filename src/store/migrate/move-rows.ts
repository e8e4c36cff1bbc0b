import {
  type BatchLimits,
  type HighWater,
  type InboxSource,
  type InboxTarget,
  PARTS,
  type Progress,
} from './inbox-copy.ts';

export type Move = Readonly<{
  source: InboxSource;
  target: InboxTarget;
  limits: BatchLimits;
  leasesEndMs: number;
  onProgress: (progress: Progress) => void;
}>;

/** Moves what lies behind the mark, part by part. Whenever it is killed, the mark leads to where it goes on. */
export async function moveRows(move: Move, mark: HighWater | null): Promise<void> {
  const first = mark === null ? 0 : PARTS.indexOf(mark.part);
  for (const part of PARTS.slice(first)) {
    await movePart(move, mark?.part === part ? mark : { part, position: '', moved: 0 });
  }
}

/** While the target writes a batch the next one is read. */
async function movePart({ source, target, limits, leasesEndMs, onProgress }: Move, from: HighWater) {
  const { part } = from;
  const total = source.count(part);
  const after = from.moved === 0 ? null : from.position;
  let moved = from.moved;
  let writing = Promise.resolve();
  onProgress({ step: 'moving', part, done: moved, total });
  for (const batch of source.batches(part, { ...limits, after, leasesEndMs })) {
    await writing;
    onProgress({ step: 'moving', part, done: moved, total });
    moved += batch.rows.length;
    writing = target.write(batch, { part, position: batch.position, moved });
    // Whoever waits for it is told; until then it has no listener, while the next batch may fail to be read.
    writing.catch(() => {});
  }
  await writing;
  onProgress({ step: 'moving', part, done: moved, total });
}
