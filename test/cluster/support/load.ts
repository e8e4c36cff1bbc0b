import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../../../testkit/eventually.ts';
import type { SeededRandom } from '../../../testkit/seeded-random.ts';
import { anEnvelope } from '../../e2e/support/client.ts';

type Cleanup = Readonly<{ after(clean: () => void): void }>;

export type Acknowledged = ReadonlyMap<string, Readonly<{ id: string; body: string }>>;

/** Senders that go on until they are stopped. */
export type Load = Readonly<{
  acknowledged: Acknowledged;
  /** Answers 503 so far: the store was away. */
  refused(): number;
  stop(): Promise<void>;
}>;

const SENDERS = 6;
/** A node that stands still answers nothing; senders turn to the others for a while, as a proxy would make them. */
const ANSWER_TIMEOUT_MS = 1_500;
const AVOIDED_MS = 3_000;
const MOST_PAUSE_MS = 12;
/** Of one event in seven; the others take up to ten. */
export const LONG_WORK_MS = 700;

/** Resolves when some more events were acknowledged. */
export async function goesOn({ acknowledged }: Load): Promise<void> {
  const before = acknowledged.size;
  await eventually('events are taken', () => acknowledged.size > before + 50);
}

export type LoadOptions = Readonly<{
  /** The share of events that are sent again later: they have to be known. */
  repeats?: number;
  /** The share of events whose first attempt fails. */
  failing?: number;
  /** How long one event in seven takes. */
  longMs?: number;
}>;

/**
 * Posts events to whichever nodes there are, each again and again until one of them acknowledges it. A test that fails
 * ends it too.
 */
export function startLoad(
  t: Cleanup,
  urls: () => readonly string[],
  random: SeededRandom,
  { repeats = 0.1, failing = 0.05, longMs = LONG_WORK_MS }: LoadOptions = {},
): Load {
  const acknowledged = new Map<string, { id: string; body: string }>();
  const avoidedUntilMs = new Map<string, number>();
  let refused = 0;
  let stopped = false;
  let isTestOver = false;
  t.after(() => {
    stopped = true;
    isTestOver = true;
  });

  const choose = (): string => {
    const nowMs = performance.now();
    const good = urls().filter((url) => (avoidedUntilMs.get(url) ?? 0) <= nowMs);
    return random.pick(good.length > 0 ? good : urls());
  };

  const record = (key: string, body: string, { status, id }: Answer) => {
    const known = acknowledged.get(key);
    assert.ok(status === 202 || status === 200, `${key} was answered ${status}`);
    if (known === undefined) acknowledged.set(key, { id, body });
    else assert.deepEqual([status, id], [200, known.id], `${key} is known, on whatever node`);
  };
  /** Until it is acknowledged: what had no answer may have been kept. */
  const send = async (key: string, body: string) => {
    while (!isTestOver) {
      const url = choose();
      const answer = await post(url, body);
      if (answer === null) avoidedUntilMs.set(url, performance.now() + AVOIDED_MS);
      else if (answer.status !== 503) return record(key, body, answer);
      else refused += 1;
      await pause(20);
    }
  };
  const sender = async (name: string) => {
    const keys: string[] = [];
    for (let count = 0; !stopped; count++) {
      if (keys.length > 0 && random.chance(repeats)) {
        const key = random.pick(keys);
        await send(key, acknowledged.get(key)!.body);
      } else {
        const key = `${name}-${count}`;
        await send(key, JSON.stringify(anEnvelope(key, { payload: compose(random, failing, longMs) })));
        keys.push(key);
      }
      await pause(random.int(MOST_PAUSE_MS));
    }
  };
  const senders = Promise.all(Array.from({ length: SENDERS }, (_, index) => sender(`sender-${index}`)));
  // A wrong answer is told when the load is stopped.
  senders.catch(() => {});
  return {
    acknowledged,
    refused: () => refused,
    async stop() {
      stopped = true;
      await senders;
    },
  };
}

/** Some work is long enough to be hit by whatever happens, and some fails at first. */
function compose(random: SeededRandom, failing: number, longMs: number): object {
  return {
    workMs: random.chance(0.15) ? longMs : random.int(10),
    failures: random.chance(failing) ? 1 : 0,
    filler: 'x'.repeat(random.int(1_000)),
  };
}

type Answer = Readonly<{ status: number; id: string }>;

/** Null without an answer. */
async function post(url: string, body: string): Promise<Answer | null> {
  try {
    const response = await fetch(`${url}/webhooks`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    const { id } = (await response.json()) as { id?: string };
    if (response.status === 503) assert.ok(Number(response.headers.get('retry-after')) > 0, 'Retry-After');
    return { status: response.status, id: String(id) };
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    return null;
  }
}
