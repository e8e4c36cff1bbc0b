import assert from 'node:assert/strict';
import type { Attempt } from '../../src/domain/attempt.ts';
import { type Delivery, deliveryIdOf } from '../../src/domain/delivery.ts';
import type { Destination } from '../../src/domain/destination.ts';
import type { Lease } from '../../src/domain/lease.ts';
import type { Settlement } from '../../src/domain/settlement.ts';
import type { HandlerContext } from '../../src/handlers/handler.ts';
import type { ClaimOutcome, ClaimRequest } from '../../src/store/store.ts';

/** One call of a handler, as the handler sees it. */
export type Run = {
  readonly deliveryId: string;
  readonly attempt: number;
  readonly process: Readonly<{ isDead(): boolean }>;
  readonly startedAtMs: number;
  readonly signal: AbortSignal;
  state: 'running' | 'succeeded' | 'threw';
};

/** What is known to be true of a delivery, whatever anyone was told. */
type Entry = {
  readonly destination: string;
  dueAtMs: number;
  /** Token of the lease that holds it. */
  holder: string | null;
  /** Leases ever given, and how they ended. */
  leases: number;
  charged: number;
  released: number;
  end: 'completed' | 'failed' | null;
  runs: Run[];
};

/**
 * Keeps the books on what was really applied to the store and really run, and holds every step against the rules:
 * - a delivery has one holder at a time, is not leased before it is due, and is leased no more once it has ended
 * - a handler runs only under the lease that holds its delivery, and never beside another run that still counts
 * - what succeeded is run again only if its process died before the success was written down
 */
export class Ledger {
  readonly #entries = new Map<string, Entry>();
  /** When a delivery was last leased or settled. */
  movedAtMs = 0;
  readonly tally = { runs: 0, charged: 0, released: 0, lost: 0, unclaimed: 0 };

  inserted(eventId: string, destinations: readonly string[], dueAtMs: number): void {
    destinations.forEach((destination, at) => {
      const books = { holder: null, leases: 0, charged: 0, released: 0, end: null, runs: [] };
      this.#entries.set(deliveryIdOf(eventId, at + 1), { destination, dueAtMs, ...books });
    });
  }

  claimed(request: ClaimRequest, { leased }: ClaimOutcome, nowMs: number): void {
    for (const { limit, destination } of request.limits) {
      const taken = leased.filter((each) => each.destination === destination).length;
      assert.ok(taken <= limit, `claimed ${taken} of ${destination}, limit ${limit}`);
    }
    for (const { lease, attempts } of leased) {
      const entry = this.#entry(lease.deliveryId);
      assert.equal(entry.holder, null, 'leased while another lease holds it');
      assert.equal(entry.end, null, 'leased after its end');
      assert.ok(entry.dueAtMs <= request.nowMs, 'leased before it is due');
      assert.equal(attempts, entry.charged);
      entry.holder = request.token;
      entry.leases += 1;
      this.movedAtMs = nowMs;
    }
  }

  settled(
    lease: Lease,
    settlement: Settlement,
    attempt: Attempt | null,
    outcome: 'settled' | 'lost',
    nowMs: number,
  ): void {
    const entry = this.#entry(lease.deliveryId);
    if (outcome === 'lost') {
      this.tally.lost += 1;
      assert.notEqual(entry.holder, lease.token, 'lost, though it holds the lease');
      return;
    }
    assert.equal(entry.holder, lease.token, 'settled by a lease that does not hold it');
    entry.holder = null;
    this.movedAtMs = nowMs;
    if (attempt === null) entry.released += 1;
    else entry.charged += 1;
    this.tally[attempt === null ? 'released' : 'charged'] += 1;
    if ('dueAtMs' in settlement) entry.dueAtMs = settlement.dueAtMs;
    else entry.end = settlement.kind;
  }

  began(process: Run['process'], context: HandlerContext, token: string | null, nowMs: number): Run {
    const { deliveryId, attempt, signal } = context;
    const entry = this.#entry(deliveryId);
    assert.notEqual(token, null, 'run without a lease');
    assert.equal(token, entry.holder, 'run under a lease that does not hold the delivery');
    assert.ok(entry.dueAtMs <= nowMs, 'run before it is due');
    assert.equal(attempt, entry.charged + 1, 'run under the wrong attempt number');
    for (const run of entry.runs) {
      const isGivenUp = run.signal.aborted || run.process.isDead();
      assert.ok(run.state !== 'running' || isGivenUp, 'run twice at a time');
      if (run.state === 'succeeded') assert.ok(isGivenUp, 'run again after it had succeeded');
    }
    const run: Run = { deliveryId, attempt, process, startedAtMs: nowMs, signal, state: 'running' };
    entry.runs.push(run);
    this.tally.runs += 1;
    return run;
  }

  /** Pending deliveries of a destination that were due at that time. */
  countDue(destination: string, atMs: number): number {
    let due = 0;
    for (const entry of this.#entries.values()) {
      const isPending = entry.end === null && entry.holder === null;
      if (isPending && entry.dueAtMs <= atMs && entry.destination === destination) due += 1;
    }
    return due;
  }

  isAllEnded(): boolean {
    return [...this.#entries.values()].every(({ end }) => end !== null);
  }

  /** Holds what the store has kept of a delivery against what happened to it. */
  checkEnd(delivery: Delivery, rows: readonly Attempt[], destination: Destination): void {
    const entry = this.#entry(delivery.id);
    assert.equal(delivery.status, entry.end);
    assert.ok(rows.length <= destination.retry.maxAttempts, 'more attempts than allowed');
    assert.equal(delivery.attempts, rows.length);
    assert.equal(entry.charged, rows.length);
    assert.equal(entry.leases, entry.charged + entry.released, 'every lease ends once');
    assert.deepEqual(
      rows.map(({ number }) => number),
      rows.map((_, at) => at + 1),
    );
    assert.equal(delivery.status === 'completed', rows.at(-1)!.outcome === 'succeeded');
    for (const row of rows) this.#checkRow(entry, row);
    for (const run of entry.runs) checkRun(run, rows);
  }

  /** Each row tells of a run, or of one that died with its process, or of a claim whose answer never came. */
  #checkRow({ runs }: Entry, row: Attempt): void {
    const ofRow = runs.filter((run) => run.attempt === row.number);
    if (row.outcome === 'interrupted') {
      assert.ok(
        ofRow.every(({ process }) => process.isDead()),
        'interrupted, though its process lives',
      );
      if (ofRow.length === 0) this.tally.unclaimed += 1;
      return;
    }
    const told = ofRow.filter((run) => run.startedAtMs === row.startedAtMs);
    assert.equal(told.length, 1, `no run for an attempt that ${row.outcome}`);
    const [run] = told as [Run];
    if (row.outcome === 'succeeded') assert.equal(run.state, 'succeeded');
    else if (row.outcome === 'timed_out') assert.equal(nameOf(run.signal.reason), 'TimeoutError');
    else assert.equal(run.state, 'threw');
  }

  #entry(deliveryId: string): Entry {
    const entry = this.#entries.get(deliveryId);
    assert.ok(entry !== undefined, `nobody inserted delivery ${deliveryId}`);
    return entry;
  }
}

/** A run that ended in a process that lives has its row. */
function checkRun(run: Run, rows: readonly Attempt[]): void {
  if (run.process.isDead()) return;
  const row = rows.find(({ number }) => number === run.attempt);
  assert.equal(row?.startedAtMs, run.startedAtMs, 'a run without an attempt');
}

function nameOf(reason: unknown): string | null {
  return reason instanceof Error ? reason.name : null;
}
