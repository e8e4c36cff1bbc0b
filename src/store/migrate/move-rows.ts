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

/** Moves the rows behind the mark, part by part. After a kill at any moment the mark says where to continue. */
export async function moveRows(move: Move, mark: HighWater | null): Promise<void> {
  const first = mark === null ? 0 : PARTS.indexOf(mark.part);
  for (const part of PARTS.slice(first)) {
    await movePart(move, mark?.part === part ? mark : { part, position: '', moved: 0 });
  }
}

/** Reads the next batch while the target writes the last one. */
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
    // Awaited later; until then a rejection would count as unhandled if reading the next batch fails.
    writing.catch(() => {});
  }
  await writing;
  onProgress({ step: 'moving', part, done: moved, total });
}
