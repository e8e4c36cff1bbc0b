import assert from 'node:assert/strict';
import type { Disturbances } from '../cluster/support/disturbances.ts';
import { DESTINATIONS, type Entry, type Run } from './config.ts';

/** An event as it was acknowledged, and the replays of its deliveries that were. Times are the machine's. */
export type Accepted = Readonly<{
  key: string;
  seq: number;
  acknowledgedMs: number;
  /** Each destination has to enter it into its ledger, once. */
  isEntered: boolean;
}>;
export type Replayed = Readonly<{ deliveryId: string; acknowledgedMs: number }>;

export type History = Readonly<{
  runs: readonly Run[];
  accepted: readonly Accepted[];
  replayed: readonly Replayed[];
  disturbances: Disturbances;
  leaseMs: number;
  /** How long a delivery may wait that has the turn and is due, while nothing is disturbed. */
  timeoutMs: number;
}>;

export type Verdict = Readonly<{
  keys: number;
  runs: number;
  retries: number;
  replays: number;
  /** Runs that went on when the next of their key had begun, their lease having run out. */
  overtaken: number;
  /** Deliveries that could begin undisturbed while another key of their destination stood still, and did. */
  passed: number;
  longestWaitMs: number;
}>;

/**
 * What handlers entered by `ctx.complete` is there exactly once, and in the order of each key.
 * @returns how many entries there had to be
 */
export function checkLedger(entries: readonly Entry[], accepted: readonly Accepted[]): number {
  const due = accepted.filter(({ isEntered }) => isEntered);
  const lines = Map.groupBy(entries, ({ destination, key }) => `${destination} ${key}`);
  for (const destination of DESTINATIONS) {
    for (const [key, own] of Map.groupBy(due, (event) => event.key)) {
      const seqs = new Set(own.map(({ seq }) => seq));
      const entered = (lines.get(`${destination} ${key}`) ?? []).map(({ seq }) => seq);
      assert.deepEqual(
        entered.filter((seq) => seqs.has(seq)),
        [...seqs].toSorted((a, b) => a - b),
        `the ledger of ${destination}, ${key}`,
      );
    }
  }
  return due.length * DESTINATIONS.length;
}

type Line = readonly Run[];

/**
 * Proves from what the handlers wrote down that of each destination and key one delivery at most was at work, that they
 * came in the order of acceptance, and that none waited for a delivery of another key.
 * @throws AssertionError that names the runs that break it
 */
export function checkOrder(history: History): Verdict {
  const lines = Map.groupBy(history.runs, ({ destination, key }) => `${destination} ${key}`);
  let overtaken = 0;
  for (const [name, line] of lines) {
    overtaken += checkOneAtATime(name, line, history);
    checkInOrder(name, line, history);
  }
  const waits = waitsOf(lines, history);
  return {
    keys: lines.size,
    runs: history.runs.length,
    retries: history.runs.filter(({ attempt }) => attempt > 1).length,
    replays: new Set(history.runs.map(({ deliveryId }) => deliveryId).filter(isReplay)).size,
    overtaken,
    passed: waits.length,
    longestWaitMs: Math.round(waits.reduce((longest, wait) => Math.max(longest, wait), 0)),
  };
}

/** Before the next one of the key began, each run had ended, or its lease had. */
function checkOneAtATime(name: string, line: Line, { disturbances, leaseMs }: History): number {
  let overtaken = 0;
  for (const [at, { pid, startMs, endMs, seq, attempt }] of line.entries()) {
    const next = line[at + 1];
    if (next === undefined) break;
    if (endMs !== null && endMs <= next.startMs) continue;
    const what = `${name}: ${seq} (attempt ${attempt}) and ${next.seq} (attempt ${next.attempt})`;
    const isOver = disturbances.outlastedLease(pid, startMs, next.startMs, leaseMs);
    assert.ok(isOver, `${what} at once, both under live leases`);
    if (endMs !== null) overtaken += 1;
  }
  return overtaken;
}

/** Whose event was accepted first goes first; a replay, once it is there, goes before those that still wait behind it. */
function checkInOrder(name: string, line: Line, { replayed }: History): void {
  const firsts = firstRuns(line);
  const originals = firsts.filter(({ deliveryId }) => !isReplay(deliveryId));
  for (const [at, run] of originals.entries()) {
    assert.equal(run.seq, at, `${name}: ${run.seq} began as the ${at + 1}. of its key`);
  }
  const askedAt = new Map(replayed.map(({ deliveryId, acknowledgedMs }) => [deliveryId, acknowledgedMs]));
  for (const replay of firsts.filter(({ deliveryId }) => isReplay(deliveryId))) {
    const askedMs = askedAt.get(replay.deliveryId);
    // Its answer was lost: nobody knows since when it waits.
    if (askedMs === undefined) continue;
    const before = firsts.filter(
      (run) => run.startMs > askedMs && run.startMs < replay.startMs && run.seq > replay.seq,
    );
    // One may have had the turn when the replay came.
    assert.ok(
      before.length <= 1,
      `${name}: the replay of ${replay.seq} waited for ${before.map(({ seq }) => seq).join(', ')}`,
    );
  }
}

/** How long those waited that had the turn, while another key stood still and nothing was disturbed. */
function waitsOf(lines: ReadonlyMap<string, Line>, history: History): number[] {
  const { accepted, disturbances, leaseMs, timeoutMs } = history;
  const acknowledged = new Map(
    accepted.map(({ key, seq, acknowledgedMs }) => [`${key} ${seq}`, acknowledgedMs]),
  );
  const still = standstills(lines, acknowledged);
  const waits: number[] = [];
  for (const [name, line] of lines) {
    for (const [at, run] of line.entries()) {
      if (run.attempt > 1 || isReplay(run.deliveryId)) continue;
      const before = line[at - 1];
      // Of one that has failed for good somebody else said when it goes on.
      if (before !== undefined && before.outcome !== 'succeeded') continue;
      const freeMs = Math.max(acknowledged.get(`${run.key} ${run.seq}`) ?? 0, before?.endMs ?? 0);
      if (disturbances.hitAny(freeMs - leaseMs, run.startMs)) continue;
      if (!still.some((gap) => gap.name !== name && gap.fromMs <= freeMs && gap.toMs >= run.startMs))
        continue;
      const waitMs = run.startMs - freeMs;
      assert.ok(
        waitMs <= timeoutMs,
        `${name}: ${run.seq} had the turn and waited for ${Math.round(waitMs)} ms`,
      );
      waits.push(waitMs);
    }
  }
  return waits;
}

type Gap = Readonly<{ name: string; fromMs: number; toMs: number }>;

/** When a key stood still behind a failure although another event of it had been accepted. */
function standstills(lines: ReadonlyMap<string, Line>, acknowledged: ReadonlyMap<string, number>): Gap[] {
  return [...lines].flatMap(([name, line]) =>
    line.flatMap((run, at): Gap[] => {
      const next = line[at + 1];
      if (next === undefined || run.endMs === null || run.outcome === 'succeeded') return [];
      const behindMs = acknowledged.get(`${run.key} ${run.seq + 1}`) ?? Number.POSITIVE_INFINITY;
      return [{ name, fromMs: Math.max(run.endMs, behindMs), toMs: next.startMs }];
    }),
  );
}

function firstRuns(line: Line): Run[] {
  const seen = new Set<string>();
  return line.filter(({ deliveryId }) => {
    if (seen.has(deliveryId)) return false;
    seen.add(deliveryId);
    return true;
  });
}

/** An event has two deliveries, numbered from 1; what comes behind repeats one of them. */
function isReplay(deliveryId: string): boolean {
  return Number.parseInt(deliveryId.slice(-4), 16) > 2;
}
