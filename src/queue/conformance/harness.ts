import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { nextId } from '../../../testkit/builders.ts';
import { createSeededRandom } from '../../../testkit/seeded-random.ts';
import { deliveryIdOf } from '../../domain/delivery.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { Queue, QueueEntry, QueueMessage, QueueOptions } from '../queue.ts';

/** A broker for one test, and the faults that can be caused in it. */
export type QueueRig = Readonly<{
  /** Opens a process's queue, with a way to end it without closing. */
  open(options: QueueOptions): Promise<Readonly<{ queue: Queue; die: () => Promise<void> }>>;
  /** The broker is down until `comeUp`; it may lose its messages. */
  goDown(): Promise<void>;
  comeUp(): Promise<void>;
  /** The broker keeps its connections and answers nothing until `goOn`. */
  hang(): Promise<void>;
  goOn(): Promise<void>;
  /** Ways to make the broker answer and take no messages, by name; each resolves to the way back. */
  refusals: Readonly<Record<string, () => Promise<() => Promise<void>>>>;
  /** Ways to lose what the broker holds while it runs, by name. */
  losses: Readonly<Record<string, () => Promise<void>>>;
  /** Ends the broker and removes its files. */
  dispose(): Promise<void>;
}>;
export type RigFactory = (destinations: readonly string[]) => Promise<QueueRig>;

export const A = 'billing';
export const B = 'audit.log';
export const MOST_AT_WORK = 10;
/** A process counts as dead once its messages have been idle for so long. */
export const IDLE_MS = 1_200;
const TIMEOUT_MS = 60_000;

/** A process's queue, with what its observer was told. */
export type Process = Readonly<{
  queue: Queue;
  die: () => Promise<void>;
  /** Resolves when the condition holds. It is checked after each call of the observer, and every 50 ms. */
  until(what: string, holds: () => boolean | Promise<boolean>): Promise<void>;
  /** Takes until `count` messages have arrived. */
  takeExactly(destination: string, count: number): Promise<QueueMessage[]>;
  /** Publishes until the broker has taken all, as the sweep does. */
  publishAll(entries: readonly QueueEntry[]): Promise<void>;
  troubles: Error[];
}>;

let consumers = 0;

/** Makes a rig that is disposed of at the end of the test. */
export async function rigFor(t: TestContext, factory: RigFactory): Promise<QueueRig> {
  const rig = await factory([A, B]);
  t.after(rig.dispose);
  return rig;
}

/** Starts a process on the rig and waits until it is connected. With `mostAtWork` of 0 it only publishes. */
export async function startProcess(
  t: TestContext,
  rig: QueueRig,
  mostAtWork: number = MOST_AT_WORK,
): Promise<Process> {
  const troubles: Error[] = [];
  let heard = Promise.withResolvers<void>();
  const news = () => {
    heard.resolve();
    heard = Promise.withResolvers();
  };
  const { queue, die } = await rig.open({
    destinations: [A, B].map((name) => ({ name, mostAtWork })),
    idleMs: IDLE_MS,
    clock: systemClock,
    random: createSeededRandom(1),
    consumer: `consumer-${++consumers}`,
    observer: {
      onArrival: news,
      onHealthy: news,
      onTrouble: (error) => {
        troubles.push(error);
        news();
      },
    },
  });
  t.after(() => queue.close());
  const until: Process['until'] = async (what, holds) => {
    const giveUpMs = Date.now() + TIMEOUT_MS;
    while (!(await holds())) {
      assert.ok(Date.now() < giveUpMs, `${what}: not within ${TIMEOUT_MS} ms; ${troubles.at(-1)}`);
      await Promise.race([heard.promise, new Promise((resolve) => setTimeout(resolve, 50))]);
    }
  };
  const started: Process = {
    queue,
    die,
    until,
    troubles,
    async takeExactly(destination, count) {
      const messages: QueueMessage[] = [];
      await until(`${count} messages of ${destination}`, async () => {
        messages.push(...(await queue.take(destination, count - messages.length)));
        return messages.length === count;
      });
      return messages;
    },
    async publishAll(entries) {
      let rest = entries;
      await until('everything is published', async () => {
        const { dropped } = await queue.publish(rest);
        if (dropped < rest.length) rest = rest.slice(rest.length - dropped);
        return dropped === 0;
      });
    },
  };
  await until('connected', () => queue.health().state === 'up');
  return started;
}

/** Makes `count` new entries for a destination. */
export function entriesFor(destination: string, count: number): QueueEntry[] {
  return Array.from({ length: count }, () => ({ destination, deliveryId: deliveryIdOf(nextId(0), 1) }));
}

export function idsOf(entries: readonly QueueEntry[]): string[] {
  return entries.map(({ deliveryId }) => deliveryId);
}

/** The numbers of waiting and of unacknowledged messages of a destination. */
export async function depthOf({ queue }: Process, destination: string): Promise<[number, number] | null> {
  const reading = await queue.depth();
  if (reading.kind === 'unknown') return null;
  const depth = reading.depths.find((one) => one.destination === destination)!;
  return [depth.waiting, depth.unacknowledged];
}

/** Takes and acks in every process until the condition holds, and waits for arrivals in between. */
export async function drain(
  processes: readonly Process[],
  destination: string,
  onMessage: (message: QueueMessage) => void,
  isDone: () => boolean,
): Promise<void> {
  await Promise.all(
    processes.map((process) =>
      process.until('all is taken', async () => {
        for (;;) {
          const messages = await process.queue.take(destination, MOST_AT_WORK);
          for (const message of messages) onMessage(message);
          await ackAll(messages);
          if (isDone() || messages.length === 0) return isDone();
        }
      }),
    ),
  );
}

export async function ackAll(messages: readonly QueueMessage[]): Promise<void> {
  await Promise.all(messages.map((message) => message.ack()));
}
