import { MAX_WAITING, type QueueDepth, type QueueEntry } from '../queue.ts';

export type BrokerMessage = QueueEntry & Readonly<{ publishedAtMs: number; number: number }>;

/** A connected process. */
export type BrokerClient = Readonly<{ onArrival(destination: string): void; onUp(): void; onDown(): void }>;

type Line = { waiting: BrokerMessage[]; taken: Map<number, { message: BrokerMessage; by: BrokerClient }> };

/** The reference model of a broker, for the conformance suite: what a driver must do, without a server. */
export class MemoryBroker {
  readonly #lines = new Map<string, Line>();
  readonly #clients = new Set<BrokerClient>();
  #isUp = true;
  #published = 0;

  get isUp(): boolean {
    return this.#isUp;
  }

  join(client: BrokerClient): void {
    this.#clients.add(client);
    if (this.#isUp) client.onUp();
  }

  /** The client closed its connection or died: the messages it had taken wait again. */
  leave(client: BrokerClient): void {
    this.#clients.delete(client);
    for (const [destination, line] of this.#lines) {
      const back = [...line.taken.values()].filter(({ by }) => by === client).map(({ message }) => message);
      for (const { number } of back) line.taken.delete(number);
      line.waiting.unshift(...back);
      if (back.length > 0) this.#announce(destination);
    }
  }

  publish({ destination, deliveryId }: QueueEntry, publishedAtMs: number): boolean {
    const line = this.#line(destination);
    if (line.waiting.length >= MAX_WAITING) return false;
    line.waiting.push({ destination, deliveryId, publishedAtMs, number: ++this.#published });
    this.#announce(destination);
    return true;
  }

  take(destination: string, limit: number, by: BrokerClient): BrokerMessage[] {
    const line = this.#line(destination);
    const messages = line.waiting.splice(0, limit);
    for (const message of messages) line.taken.set(message.number, { message, by });
    return messages;
  }

  ack({ destination, number }: BrokerMessage): void {
    this.#line(destination).taken.delete(number);
  }

  release(message: BrokerMessage): void {
    const line = this.#line(message.destination);
    if (line.taken.delete(message.number)) line.waiting.push(message);
    this.#announce(message.destination);
  }

  depth(destination: string): QueueDepth {
    const { waiting, taken } = this.#line(destination);
    return { destination, waiting: waiting.length, unacknowledged: taken.size };
  }

  /** Drops every message, as a flush does. */
  forget(): void {
    this.#lines.clear();
  }

  /** Ends every connection; the messages that were taken wait again. */
  goDown(): void {
    this.#isUp = false;
    for (const client of [...this.#clients]) {
      this.leave(client);
      this.#clients.add(client);
      client.onDown();
    }
  }

  comeUp(): void {
    this.#isUp = true;
    for (const client of this.#clients) client.onUp();
  }

  #announce(destination: string): void {
    if (this.#isUp) for (const client of this.#clients) client.onArrival(destination);
  }

  #line(destination: string): Line {
    let line = this.#lines.get(destination);
    if (line === undefined) {
      line = { waiting: [], taken: new Map() };
      this.#lines.set(destination, line);
    }
    return line;
  }
}
