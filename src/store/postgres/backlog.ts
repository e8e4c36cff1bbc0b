import { monotonicMs } from '../../runtime/clock.ts';
import type { Bound } from '../store.ts';

/**
 * The limit of pending deliveries is kept by the insert statement itself, which counts what is committed. What it
 * cannot see are the statements of other connections that are under way at the same moment. So a node sends several
 * at once only while all of them fit eight times over into the room that was left a moment ago; near the limit it
 * sends one at a time, with at most `NEAR_LIMIT_SHARE` of the limit, or one event, in it.
 *
 * The bound: a lone node keeps the limit exactly. Of up to eight nodes each beyond the first may take one careful
 * statement more, a 32nd part of the limit (8 at least), in all moments at most: (nodes - 1) * max(limit / 32, 8).
 * A statement that was given up without an answer may yet be committed, as if by another node: so it counts as one.
 *
 * Far from the limit most statements do not count: the count reads the counters' rows with all that is left of their old
 * versions, which under a snapshot that somebody holds is more with every statement. A node counts when it has not for
 * half a second, or has added `UNCOUNTED_SHARE` of the limit since: the bound of each other node grows by as much.
 */
export type Backlog = Readonly<{
  limit: number;
  /** Most deliveries of one statement near the limit. */
  nearLimitBatch: number;
  saw(pending: number): void;
  changed(by: number): void;
  /** Deliveries that statements under way are about to add; negative when they have ended. */
  underWay(by: number): void;
  /** Whether so many more may come near the limit. */
  isNearLimit(more: number): boolean;
  /** Whether a statement that adds so many has to count what is pending. */
  hasToCount(more: number): boolean;
}>;

/** Of the deliveries that are pending and not held, and of the held ones: each has a limit of its own. */
export type Backlogs = Readonly<Record<Bound, Backlog>>;

const NEAR_LIMIT_SHARE = 1 / 32;
const LEAST_NEAR_LIMIT_BATCH = 8;
const NODES_COVERED = 8;
/** Other nodes may fill the room while this one takes no events. */
const KNOWLEDGE_LASTS_MS = 1_000;
const COUNT_EVERY_MS = 500;
const UNCOUNTED_SHARE = 1 / 32;

export function createBacklog(limit: number, nowMs: () => number = monotonicMs): Backlog {
  let pending = 0;
  let seenAtMs = Number.NEGATIVE_INFINITY;
  let adding = 0;
  /** Added since it was counted. */
  let uncounted = 0;
  const isNearLimit = (more: number) =>
    nowMs() - seenAtMs > KNOWLEDGE_LASTS_MS || pending + NODES_COVERED * (adding + more) > limit;
  return {
    limit,
    nearLimitBatch: Math.max(Math.ceil(limit * NEAR_LIMIT_SHARE), LEAST_NEAR_LIMIT_BATCH),
    saw(seen) {
      pending = seen;
      uncounted = 0;
      seenAtMs = nowMs();
    },
    changed(by) {
      pending += by;
      if (by > 0) uncounted += by;
    },
    underWay(by) {
      adding += by;
    },
    isNearLimit,
    hasToCount: (more) =>
      isNearLimit(more) ||
      nowMs() - seenAtMs > COUNT_EVERY_MS ||
      uncounted + adding + more > limit * UNCOUNTED_SHARE,
  };
}
