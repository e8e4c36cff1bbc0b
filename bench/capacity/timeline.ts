/** A schedule in simulated milliseconds. Actions of the same moment run in the order in which they were planned. */
export type Timeline = Readonly<{
  nowMs(): number;
  after(delayMs: number, happen: () => void): void;
  /** Lets things happen until the time is over or nothing is left. */
  runUntil(endMs: number): void;
}>;

type Planned = Readonly<{ atMs: number; order: number; happen: () => void }>;

export function createTimeline(): Timeline {
  const heap: Planned[] = [];
  let nowMs = 0;
  let count = 0;
  return {
    nowMs: () => nowMs,
    after(delayMs, happen) {
      push(heap, { atMs: nowMs + delayMs, order: count++, happen });
    },
    runUntil(endMs) {
      while (heap.length > 0 && heap[0]!.atMs <= endMs) {
        const next = pop(heap);
        nowMs = next.atMs;
        next.happen();
      }
      nowMs = endMs;
    },
  };
}

function isBefore(a: Planned, b: Planned): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

function push(heap: Planned[], item: Planned): void {
  let at = heap.push(item) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isBefore(item, heap[parent]!)) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = item;
}

function pop(heap: Planned[]): Planned {
  const first = heap[0]!;
  const item = heap.pop()!;
  if (heap.length === 0) return first;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
    if (!isBefore(heap[child]!, item)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = item;
  return first;
}
