import assert from 'node:assert/strict';
import { turns } from '../../src/dispatch/testing.ts';
import type { Destination } from '../../src/domain/destination.ts';
import type { ReceiverEvent } from '../../src/events.ts';
import type { Handler } from '../../src/handlers/handler.ts';
import { sleep } from '../../src/runtime/clock.ts';
import { openMemoryStore } from '../../src/store/memory/open.ts';
import type { LeaseStore } from '../../src/store/store.ts';
import { anEvent, createCountingIds } from '../../testkit/builders.ts';
import { createFakeClock } from '../../testkit/fake-clock.ts';
import { createSeededRandom, type SeededRandom } from '../../testkit/seeded-random.ts';
import { audit, type Crew, checkAttention, checkSlots, countUp, leasesAtWork } from './checks.ts';
import { Ledger, type Run } from './ledger.ts';
import { createProcess, GRACE_MS, type Process } from './process.ts';
import { play, TEMPERS } from './script.ts';
import { createSky } from './weather.ts';

const MINUTE_MS = 60_000;
const BUSY_MS = 120 * MINUTE_MS;
/** After the last event and the last fault, by when all must have ended. */
const DRAIN_MS = 120 * MINUTE_MS;
const EVENTS = 900;
/** How long a delivery may lie about, due, while a worker is free for it, nothing moves and the store is well. */
const ATTENTION_MS = 1_000;
/** How long a process has to settle down before it is expected to have looked at everything. */
const SETTLED_MS = 5_000;

export type Report = Readonly<{
  deliveries: number;
  hours: number;
  crashes: number;
  stops: number;
  /** Stops while the store was well. */
  calmStops: number;
  /** How often it was looked whether something due was left lying. */
  attentive: number;
  ambiguous: number;
  seen: ReadonlyMap<ReceiverEvent['type'], number>;
  outcomes: ReadonlyMap<string, number>;
  tally: Ledger['tally'];
}>;

/**
 * Two hours of a receiver's life in bad weather, and then as long as it takes to end all deliveries: events come,
 * handlers misbehave, the store fails, the process dies and is started again. The same seed lives the same life.
 */
export async function simulate(seed: number): Promise<Report> {
  const random = createSeededRandom(seed);
  const clock = createFakeClock();
  const startedAtMs = clock.nowMs();
  const newId = createCountingIds();
  const memory = openMemoryStore({ maxPendingDeliveries: 1_000_000 });
  const sky = createSky(clock, random);
  const ledger = new Ledger();
  const destinations = drawDestinations(random);
  const workerCount = destinations.length + random.int(12);
  const crew: Crew = { destinations, workerCount };
  const eventIds: string[] = [];
  const poison = new Set<string>();
  const seen = new Map<ReceiverEvent['type'], number>();
  const counts = { crashes: 0, stops: 0, attentive: 0, calmStops: 0, sent: 0 };
  let process: Process | null = null;
  let failure: unknown = null;
  let workers = { atWork: '', changedAtMs: startedAtMs };

  const store: LeaseStore = {
    claim: (request) =>
      sky.carry(async () => {
        const outcome = await memory.claim(request);
        ledger.claimed(request, outcome, clock.nowMs());
        return outcome;
      }),
    settle: (lease, settlement, attempt, nowMs) =>
      sky.carry(async () => {
        const outcome = await memory.settle(lease, settlement, attempt, nowMs);
        ledger.settled(lease, settlement, attempt, outcome, clock.nowMs());
        return outcome;
      }),
    extend: (lease, untilMs) => sky.carry(() => memory.extend(lease, untilMs)),
    expired: (untilMs, limit) => sky.carry(() => memory.expired(untilMs, limit)),
  };

  function handlerFor(of: Process, { name }: Destination): Handler {
    return {
      handle(event, context) {
        const nowMs = clock.nowMs();
        // The newest: an older lease of it may still be settling.
        const active = [...of.dispatcher.active()].findLast(
          ({ leased }) => leased.lease.deliveryId === context.deliveryId,
        );
        const run = guard(() => ledger.began(of, context, active?.leased.lease.token ?? null, nowMs));
        guard(() => checkSlots(crew, of.dispatcher));
        if (poison.has(event.id)) return die(of);
        const end = (state: Run['state']) => {
          if (run !== undefined) run.state = state;
        };
        return play(TEMPERS[name]!, of.clock, random, context.signal, end);
      },
    };
  }

  /** A broken rule ends the simulation, wherever in the program under test it shows. */
  function guard<Result>(check: () => Result): Result | undefined {
    try {
      return check();
    } catch (error) {
      failure ??= error;
      return undefined;
    }
  }

  function die(of: Process): Promise<never> {
    counts.crashes += 1;
    of.kill();
    return new Promise(() => {});
  }

  /** Looks at all that must hold at any time. */
  function check(): void {
    if (failure !== null) throw failure;
    if (process === null || process.isDead()) return;
    checkSlots(crew, process.dispatcher);
    const nowMs = clock.nowMs();
    const atWork = leasesAtWork(process.dispatcher);
    if (atWork !== workers.atWork) workers = { atWork, changedAtMs: nowMs };
    const isSettled = (process.servingForMs() ?? 0) > SETTLED_MS && sky.isLongCalm();
    const movedAtMs = Math.max(ledger.movedAtMs, workers.changedAtMs);
    if (!isSettled || nowMs - movedAtMs < ATTENTION_MS) return;
    counts.attentive += 1;
    checkAttention(crew, process.dispatcher, ledger, nowMs - ATTENTION_MS);
  }

  /** A sender that goes on until it has its answer, as providers do. */
  async function send(): Promise<void> {
    const receivedAtMs = clock.nowMs();
    const event = anEvent({ id: newId(receivedAtMs), receivedAtMs });
    const names = destinations.map(({ name }) => name);
    const wanted = names.filter((name) => random.chance(name === 'dead' ? 0.03 : 0.6));
    if (random.chance(0.003)) poison.add(event.id);
    eventIds.push(event.id);
    const insert = async () => {
      const outcome = await memory.insertEvent(event, wanted);
      if (outcome.kind === 'inserted') ledger.inserted(event.id, wanted, receivedAtMs);
    };
    for (;;) {
      const isTaken = await sky.carry(insert).then(
        () => true,
        () => false,
      );
      process?.dispatcher.wake();
      if (isTaken) {
        counts.sent += 1;
        return;
      }
      await sleep(clock, 1_000 + random.int(9_000));
    }
  }

  async function traffic(): Promise<void> {
    for (let sent = 0; sent < EVENTS; ) {
      await sleep(clock, random.int((2 * 8 * BUSY_MS) / EVENTS));
      for (let burst = 1 + random.int(15); burst > 0 && sent < EVENTS; burst--, sent++) void send();
    }
  }

  /** Keeps one process alive, as a supervisor does, and ends it now and then. */
  async function supervise(untilMs: number): Promise<never> {
    for (;;) {
      const current = createProcess({
        clock,
        store,
        destinations,
        handlerFor,
        random,
        newId,
        workerCount,
        emit: ({ type }) => countUp(seen, type),
      });
      process = current;
      void current.start().catch((error: unknown) => {
        failure ??= error;
      });
      const ends = clock.nowMs() + MINUTE_MS * (1 + random.int(20));
      const isLast = ends > untilMs;
      while (!current.isDead() && (isLast || clock.nowMs() < ends)) await sleep(clock, 1_000);
      if (!current.isDead()) await end(current);
      await sleep(clock, random.int(30_000));
    }
  }

  async function end(current: Process): Promise<void> {
    if (random.chance(0.5) || current.servingForMs() === null) {
      counts.crashes += 1;
      current.kill();
      return;
    }
    counts.stops += 1;
    const wasCalm = sky.isLongCalm();
    const stoppedAtMs = clock.nowMs();
    await current.stop();
    const tookMs = clock.nowMs() - stoppedAtMs;
    // A claim that was on its way would have arrived by then.
    await sleep(clock, 1_000);
    if (!wasCalm || !sky.isLongCalm()) return;
    counts.calmStops += 1;
    assert.ok(tookMs <= GRACE_MS + 1_000, 'a store that is well holds up no stop');
    assert.deepEqual(await memory.expired(Number.MAX_SAFE_INTEGER, 1), [], 'a stop leaves no lease');
  }

  async function live(): Promise<void> {
    const busyUntilMs = startedAtMs + BUSY_MS;
    for (const life of [traffic(), sky.live(busyUntilMs), supervise(busyUntilMs)]) {
      life.catch((error: unknown) => {
        failure ??= error;
      });
    }
    const deadlineMs = busyUntilMs + DRAIN_MS;
    while (clock.nowMs() < busyUntilMs || counts.sent < EVENTS || !ledger.isAllEnded()) {
      assert.ok(clock.nowMs() < deadlineMs, 'deliveries are left that nobody ends');
      await clock.advanceTo(clock.nextDueAtMs()!);
      await turns(3);
      check();
    }
  }

  await live();
  const outcomes = await audit(crew, memory, ledger, eventIds);
  const { counts: byStatus } = await memory.stats();
  return {
    ...counts,
    deliveries: byStatus.reduce((sum, { count }) => sum + count, 0),
    hours: (clock.nowMs() - startedAtMs) / (60 * MINUTE_MS),
    ambiguous: sky.ambiguous(),
    seen,
    outcomes,
    tally: ledger.tally,
  };
}

function drawDestinations(random: SeededRandom): Destination[] {
  return Object.keys(TEMPERS).map((name) => ({
    name,
    sources: ['*'],
    events: ['*'],
    concurrency: 1 + random.int(8),
    // Those of the living may outlive a lease.
    timeoutMs: 3_000 + random.int(name === 'dead' ? 20_000 : 100_000),
    retry: {
      maxAttempts: 1 + random.int(6),
      baseDelayMs: random.int(4_000),
      maxDelayMs: 60_000,
      jitter: 0.2,
    },
    order: null,
    rate: null,
    breaker: null,
  }));
}
