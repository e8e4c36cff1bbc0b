import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, openConnection } from './connection.ts';
import { orderBody, orderKey } from './order.ts';
import type { Sample } from './samples.ts';

export type PacedOptions = Readonly<{
  url: string;
  perSecond: number;
  seconds: number;
  keyPrefix: string;
  /** Ends the run early. */
  signal?: AbortSignal;
}>;

/** Many enough that a slow answer does not hold up the next request. */
const MOST_CONNECTIONS = 256;
const ANSWER_TIMEOUT_MS = 10_000;

/**
 * Open loop: sends at a constant rate whether or not the last request was answered, as providers do. Requests that
 * find no connection wait for one, and their latency counts from when they were due.
 */
export async function sendAtRate(options: PacedOptions): Promise<Sample[]> {
  const url = new URL(options.url);
  const head = `POST ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nContent-Type: application/json\r\nContent-Length: `;
  const samples: Sample[] = [];
  const idle: Connection[] = [];
  const all: Connection[] = [];
  const queue: Readonly<{ dueAtMs: number; key: string }>[] = [];
  let queueHead = 0;
  let inFlight = 0;

  const send = (connection: Connection, dueAtMs: number, key: string) => {
    const body = orderBody(key);
    inFlight += 1;
    const done = (status: number) => {
      inFlight -= 1;
      samples.push({ dueAtMs, latencyMs: performance.now() - dueAtMs, status });
      const next = queue[queueHead];
      if (next === undefined) {
        idle.push(connection);
        return;
      }
      queueHead += 1;
      send(connection, next.dueAtMs, next.key);
    };
    connection.send(`${head}${body.length}\r\n\r\n${body}`).then(
      (reply) => done(reply.status),
      () => done(0),
    );
  };
  const submit = (dueAtMs: number, key: string) => {
    let connection = idle.pop();
    if (connection === undefined && all.length < MOST_CONNECTIONS) {
      connection = openConnection(url.hostname, Number(url.port));
      all.push(connection);
    }
    if (connection === undefined) queue.push({ dueAtMs, key });
    else send(connection, dueAtMs, key);
  };

  const startedAtMs = performance.now();
  const total = Math.round(options.perSecond * options.seconds);
  let sent = 0;
  while (sent < total && options.signal?.aborted !== true) {
    const due = Math.min(
      total,
      Math.floor(((performance.now() - startedAtMs) / 1e3) * options.perSecond) + 1,
    );
    for (; sent < due; sent += 1) {
      submit(startedAtMs + (sent * 1e3) / options.perSecond, orderKey(options.keyPrefix, sent));
    }
    await sleep(1);
  }
  const deadline = performance.now() + ANSWER_TIMEOUT_MS;
  while (inFlight > 0 && performance.now() < deadline) await sleep(5);
  for (const connection of all) connection.close();
  while (inFlight > 0) await sleep(1);
  return samples;
}
