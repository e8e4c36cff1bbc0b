import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { SeededRandom } from '../../testkit/seeded-random.ts';
import { machineMs } from '../cluster/support/now.ts';
import { anEnvelope } from '../e2e/support/client.ts';
import type { Accepted } from './check-order.ts';
import type { Payload } from './config.ts';

type Cleanup = Readonly<{ after(clean: () => void): void }>;

export type OrderedLoad = Readonly<{
  accepted: readonly Accepted[];
  /** Ends the senders; what they have begun is acknowledged. */
  stop(): Promise<void>;
}>;

/** A node that stands still answers nothing; senders turn to the others for a while. */
const ANSWER_TIMEOUT_MS = 1_500;
const AVOIDED_MS = 3_000;
const MOST_PAUSE_MS = 200;

/**
 * One sender for each key posts its next event when the one before was acknowledged, by whatever node: so the order of
 * acceptance is known.
 */
export function startOrderedLoad(
  t: Cleanup,
  urls: () => readonly string[],
  random: SeededRandom,
  keys: number,
): OrderedLoad {
  const accepted: Accepted[] = [];
  const avoidedUntilMs = new Map<string, number>();
  let stopped = false;
  let isTestOver = false;
  t.after(() => {
    stopped = true;
    isTestOver = true;
  });

  /** Until it is acknowledged: what had no answer may have been kept. */
  const send = async (name: string, body: string) => {
    while (!isTestOver) {
      const good = urls().filter((url) => (avoidedUntilMs.get(url) ?? 0) <= machineMs());
      const pool = good.length > 0 ? good : urls();
      const url = pool.length === 0 ? null : random.pick(pool);
      const status = url === null ? null : await post(url, body);
      if (status === 202 || status === 200) return;
      assert.ok(status === null || status === 503, `${name} was answered ${status}`);
      if (url !== null && status === null) avoidedUntilMs.set(url, machineMs() + AVOIDED_MS);
      await pause(20);
    }
  };
  const sender = async (key: string) => {
    for (let seq = 0; !stopped; seq++) {
      const name = `${key}-${seq}`;
      const payload = compose(random, key, seq);
      await send(name, JSON.stringify(anEnvelope(name, { payload })));
      accepted.push({
        key,
        seq,
        acknowledgedMs: machineMs(),
        isEntered: payload.isEntered && payload.fatal === 'never',
      });
      await pause(random.int(MOST_PAUSE_MS));
    }
  };
  const senders = Promise.all(Array.from({ length: keys }, (_, at) => sender(`key-${at}`)));
  // A wrong answer is told when the load is stopped.
  senders.catch(() => {});
  return {
    accepted,
    async stop() {
      stopped = true;
      await senders;
    },
  };
}

function compose(random: SeededRandom, key: string, seq: number): Payload {
  return {
    key,
    seq,
    workMs: random.chance(0.1) ? 300 : random.int(8),
    failures: random.chance(0.1) ? 1 + random.int(2) : 0,
    fatal: random.chance(0.9) ? 'never' : random.pick(['replay', 'always']),
    isEntered: random.chance(0.4),
  };
}

/** Null without an answer. */
async function post(url: string, body: string): Promise<number | null> {
  try {
    const response = await fetch(`${url}/webhooks`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return null;
  }
}
