import assert from 'node:assert/strict';
import type { SeededRandom } from '../../testkit/seeded-random.ts';
import { anEnvelope, postEvent } from '../e2e/support/client.ts';

/** What a sender was told, and may hold the receiver to. */
export type Ledger = {
  readonly acknowledged: Map<string, Readonly<{ id: string; body: string }>>;
  /** Keys answered 429 or 4xx, and never sent again. */
  readonly refused: Set<string>;
  /** Known keys that were sent again and answered. */
  repeats: number;
};

export type Sender = Readonly<{
  ledger: Ledger;
  /**
   * Sends one event after the other until the receiver is gone, or says that it goes. What had no answer then is
   * sent again first.
   */
  sendUntilCut(url: string): Promise<void>;
  /** What was acknowledged since the last call. */
  takeFresh(): { key: string; id: string }[];
}>;

type Message = Readonly<{ key: string; body: string; kind: 'new' | 'known' | 'invalid' }>;

export function createSenders(count: number, random: SeededRandom): Sender[] {
  return Array.from({ length: count }, (_, index) => createSender(`sender-${index}`, random));
}

function createSender(name: string, random: SeededRandom): Sender {
  const ledger: Ledger = { acknowledged: new Map(), refused: new Set(), repeats: 0 };
  const keys: string[] = [];
  const fresh: { key: string; id: string }[] = [];
  let count = 0;
  let unanswered: Message | null = null;

  const compose = (): Message => {
    if (keys.length > 0 && random.chance(0.15)) {
      const key = random.pick(keys);
      return { key, body: ledger.acknowledged.get(key)!.body, kind: 'known' };
    }
    count += 1;
    const key = `${name}-${count}`;
    const kind = random.chance(0.03) ? 'invalid' : 'new';
    const envelope = anEnvelope(key, {
      event_type: kind === 'invalid' ? '' : 'order.created',
      payload: { key, filler: 'x'.repeat(random.int(3000)) },
    });
    return { key, body: JSON.stringify(envelope), kind };
  };

  const record = ({ key, body, kind }: Message, status: number, id: string) => {
    const known = ledger.acknowledged.get(key);
    if (known !== undefined) {
      assert.deepEqual([status, id], [200, known.id], `${key} is known, full queue or not`);
      ledger.repeats += 1;
    } else if (status === 429 || status === 422) {
      assert.equal(status === 422, kind === 'invalid');
      ledger.refused.add(key);
    } else {
      assert.ok(status === 202 || status === 200, `${key} was answered ${status}`);
      ledger.acknowledged.set(key, { id, body });
      keys.push(key);
      fresh.push({ key, id });
    }
  };

  return {
    ledger,
    async sendUntilCut(url) {
      for (;;) {
        const message: Message = unanswered ?? compose();
        unanswered = message;
        const answer = await postEvent(url, message.body).catch(() => null);
        if (answer === null || answer.body.code === 'shutting_down') return;
        unanswered = null;
        record(message, answer.status, String(answer.body.id));
      }
    },
    takeFresh: () => fresh.splice(0),
  };
}
