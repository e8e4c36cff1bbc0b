import { monotonicMs } from '../../runtime/clock.ts';

/**
 * Where walks of an index begin that is ordered by time and left at its beginning: the due deliveries of a destination,
 * the leases. What was taken leaves an entry behind, which nobody can remove as long as some transaction holds a snapshot
 * from before. A walk from the beginning would pass all of them, more with each minute. So a walk begins at the *place*
 * up to which the one before found nothing.
 *
 * - What this process writes before a place lowers it, and so does what other nodes announce.
 * - A walk that *looks back* begins a few seconds earlier, once a second: announcements get lost, and commits come late.
 * - A *whole* one goes from the beginning: once a second as long as it is short, and never more than a 20th of the time.
 *   Claims do neither: another statement looks behind their places, see look-behind.ts.
 *
 * One walk at a time of each name is the rule; those that overlap do not hide from each other what they find.
 */
export type Walks = Readonly<{
  /** Begins a walk for what is due up to `untilMs`, at the place. */
  begin(name: string, untilMs: number): Walk;
  /** The same, but looks back, or is a whole one, if it is time for that. */
  beginBehind(name: string, untilMs: number): Walk;
  /** Something was written with this time, under whatever name. To be called when it is committed, or may be. */
  lower(atMs: number): void;
  /**
   * Something is about to be written with this time: until it is, no walk begins later. So a walk sees all of a commit, or
   * nothing. What fails may be committed yet.
   */
  whileWriting<T>(atMs: number, write: () => Promise<T>): Promise<T>;
  /** Something was written that nobody told the time of: it is looked back for at the next opportunity. */
  lookBack(): void;
  /** Nobody knows what was missed: every next walk is a whole one. */
  forget(): void;
  placeOf(name: string): number;
  names(): readonly string[];
}>;

export type Walk = Readonly<{
  fromMs: number;
  /** @param nextMs the time of the first entry that it found and left, or null: nothing up to `untilMs` was left */
  end(nextMs: number | null): void;
}>;

/**
 * Walks once, and looks back if it is time for that. A walk that fails has learned nothing.
 * @param walk resolves to its result, and to the time of the first entry that it found and left
 */
export async function walking<T>(
  walks: Walks,
  name: string,
  untilMs: number,
  walk: (fromMs: number) => Promise<readonly [result: T, nextMs: number | null]>,
): Promise<T> {
  const begun = walks.beginBehind(name, untilMs);
  let nextMs: number | null = begun.fromMs;
  try {
    const [result, foundMs] = await walk(begun.fromMs);
    nextMs = foundMs;
    return result;
  } finally {
    begun.end(nextMs);
  }
}

/** How far back a walk looks once a second: longer than a statement that somebody waits for may take. */
export const LOOK_BACK_MS = 10_000;
export const LOOK_EVERY_MS = 1_000;
/** A whole walk that took so long is the next one's due after so many times as long. */
const WHOLE_SHARE = 20;
const LONGEST_PAUSE_MS = 30_000;

type Kept = {
  placeMs: number;
  lookAtMs: number;
  wholeAtMs: number;
  /** Of each walk under way: the lowest time that was written since it began. */
  readonly floors: Set<{ ms: number }>;
};

/** Writes that are not done yet, each with the time that it writes. */
type UnderWay = Set<Readonly<{ atMs: number }>>;

export function createWalks(nowMs: () => number = monotonicMs): Walks {
  const all = new Map<string, Kept>();
  const underWay: UnderWay = new Set();
  const lower = (atMs: number) => {
    for (const one of all.values()) lowerOne(one, atMs);
  };
  const kept = (name: string): Kept => {
    const known = all.get(name);
    if (known !== undefined) return known;
    const fresh: Kept = { placeMs: 0, lookAtMs: 0, wholeAtMs: 0, floors: new Set() };
    all.set(name, fresh);
    return fresh;
  };
  return {
    begin: (name, untilMs) => beginAt('place', kept(name), underWay, untilMs),
    beginBehind(name, untilMs) {
      const one = kept(name);
      const startedAtMs = nowMs();
      const reach = reachOf(one, startedAtMs);
      if (reach !== 'place') one.lookAtMs = startedAtMs + LOOK_EVERY_MS;
      if (reach === 'whole') one.wholeAtMs = startedAtMs + LOOK_EVERY_MS;
      const walk = beginAt(reach, one, underWay, untilMs);
      return {
        fromMs: walk.fromMs,
        end(nextMs) {
          walk.end(nextMs);
          if (reach === 'whole') one.wholeAtMs = Math.max(one.wholeAtMs, nextWholeAt(startedAtMs, nowMs()));
        },
      };
    },
    lower,
    async whileWriting(atMs, write) {
      const own = { atMs };
      underWay.add(own);
      try {
        return await write();
      } finally {
        underWay.delete(own);
        lower(atMs);
      }
    },
    lookBack() {
      for (const one of all.values()) one.lookAtMs = 0;
    },
    forget() {
      for (const one of all.values()) {
        one.wholeAtMs = 0;
        lowerOne(one, 0);
      }
    },
    placeOf: (name) => all.get(name)?.placeMs ?? 0,
    names: () => [...all.keys()],
  };
}

type Reach = 'place' | 'back' | 'whole';

function reachOf({ lookAtMs, wholeAtMs }: Kept, nowMs: number): Reach {
  if (nowMs >= wholeAtMs) return 'whole';
  return nowMs >= lookAtMs ? 'back' : 'place';
}

function beginAt(reach: Reach, one: Kept, underWay: UnderWay, untilMs: number): Walk {
  const floor = { ms: Number.POSITIVE_INFINITY };
  one.floors.add(floor);
  let beginMs = one.placeMs;
  for (const { atMs } of underWay) beginMs = Math.min(beginMs, atMs);
  return {
    fromMs: fromOf(reach, beginMs, untilMs),
    end(nextMs) {
      one.floors.delete(floor);
      one.placeMs = Math.min(nextMs ?? untilMs, untilMs, floor.ms);
      lowerFloors(one, one.placeMs);
    },
  };
}

function nextWholeAt(startedAtMs: number, endedAtMs: number): number {
  return endedAtMs + Math.min(WHOLE_SHARE * (endedAtMs - startedAtMs), LONGEST_PAUSE_MS);
}

function fromOf(reach: Reach, placeMs: number, untilMs: number): number {
  if (reach === 'whole') return 0;
  return Math.max(0, Math.min(placeMs, reach === 'back' ? untilMs - LOOK_BACK_MS : untilMs));
}

function lowerOne(one: Kept, atMs: number): void {
  one.placeMs = Math.min(one.placeMs, atMs);
  lowerFloors(one, atMs);
}

function lowerFloors({ floors }: Kept, atMs: number): void {
  for (const floor of floors) floor.ms = Math.min(floor.ms, atMs);
}
