import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { PermanentError } from '../../src/domain/errors.ts';
import { startReceiver, suiteCleanup, type TestReceiver } from '../../testkit/receiver.ts';
import { assertProblem, envelope, eventually, post, request, statusOf } from './support.ts';

const TOKEN = 'correct-horse-battery-staple';

type Blocked = Readonly<{ order_key: string; delivery_id: string; waiting: number; since: string }>;
type Delivery = Readonly<{
  id: string;
  due_at: string | null;
  order_key: string | null;
  turn: string | null;
}>;

describe('blocked order keys', () => {
  let receiver: TestReceiver;
  const handled: string[] = [];
  const suite = suiteCleanup();
  before(async () => {
    receiver = await startReceiver(suite, {
      env: { ADMIN_TOKEN: TOKEN },
      destinations: {
        ledger: {
          orderBy: 'body:/payload/order',
          handler: ({ payload, idempotencyKey }) => {
            if ((payload as { fails?: boolean }).fails) throw new PermanentError('no such account');
            handled.push(idempotencyKey);
          },
        },
      },
    });
  });

  const ask = (path: string, method = 'GET') =>
    request(`${receiver.url}/admin${path}`, { method, headers: { authorization: `Bearer ${TOKEN}` } });
  const accept = async (payload: object) =>
    (await post(`${receiver.url}/webhooks`, envelope({ payload }))).json as {
      id: string;
      idempotency_key: string;
    };
  const blockedKeys = async () => (await ask('/blocked-keys')).json.blocked as Blocked[];
  const deliveryOf = async (id: string) => ((await ask(`/webhooks/${id}`)).json.deliveries as Delivery[])[0]!;
  /** A key with a failed delivery and one behind it. */
  const block = async (order: string) => {
    const failed = await accept({ order, fails: true });
    await statusOf(receiver.url, failed.id, 'failed');
    return { failed, waiting: await accept({ order }) };
  };

  it('are listed with what blocks them, and released', async () => {
    const { failed, waiting } = await block('a&b=ü "1"');
    const [key, ...others] = await blockedKeys();
    assert.deepEqual(others, []);
    const { since, ...rest } = key!;
    const delivery = await deliveryOf(failed.id);
    assert.deepEqual(rest, {
      destination: 'ledger',
      order_key: 'a&b=ü "1"',
      delivery_id: delivery.id,
      error: 'no such account',
      waiting: 1,
    });
    assert.match(since, /^\d{4}-.*Z$/);
    assert.deepEqual([delivery.order_key, delivery.turn], ['a&b=ü "1"', 'holds']);
    const behind = await deliveryOf(waiting.id);
    assert.deepEqual([behind.turn, behind.due_at], ['waits', null]);

    const query = new URLSearchParams({ destination: 'ledger', order_key: 'a&b=ü "1"' });
    const answer = await ask(`/blocked-keys/release?${query}`, 'POST');
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.json, {
      destination: 'ledger',
      order_key: 'a&b=ü "1"',
      delivery_id: delivery.id,
      next_delivery_id: behind.id,
    });
    await statusOf(receiver.url, waiting.id, 'completed');
    assert.deepEqual(await blockedKeys(), []);
    assert.equal((await deliveryOf(failed.id)).turn, null);
    assertProblem(await ask(`/blocked-keys/release?${query}`, 'POST'), 'not_found');
  });

  it('are free again when the replay of what blocks them succeeds', async () => {
    const { failed, waiting } = await block('replayed');
    const other = await accept({ order: 'another' });
    await statusOf(receiver.url, other.id, 'completed');
    assert.ok(!handled.includes(waiting.idempotency_key));
    const replayed = await ask(`/deliveries/${(await deliveryOf(failed.id)).id}/replay`, 'POST');
    assert.deepEqual([replayed.status, replayed.json.turn], [202, 'holds']);
    // It fails again, and blocks again, now as the replay.
    const listed = await eventually(
      () => ask('/blocked-keys'),
      ({ json }) => (json.blocked as Blocked[])[0]?.delivery_id === replayed.json.id,
    );
    assert.equal((listed.json.blocked as Blocked[])[0]!.waiting, 1);
    await ask('/blocked-keys/release?destination=ledger&order_key=replayed', 'POST');
    await statusOf(receiver.url, waiting.id, 'completed');
  });

  it('are listed in pages, and by destination', async () => {
    for (const order of ['p1', 'p2', 'p3']) await block(order);
    const first = await ask('/blocked-keys?limit=2');
    assert.deepEqual(
      (first.json.blocked as Blocked[]).map((key) => key.order_key),
      ['p1', 'p2'],
    );
    const second = await ask(`/blocked-keys?limit=2&cursor=${first.json.next}`);
    assert.deepEqual(
      (second.json.blocked as Blocked[]).map((key) => key.order_key),
      ['p3'],
    );
    assert.equal(second.json.next, null);
    assert.deepEqual((await ask('/blocked-keys?destination=other')).json.blocked, []);
    const metrics = await (await fetch(`${receiver.url}/metrics`)).text();
    assert.match(metrics, /^webhook_order_keys_blocked\{destination="ledger"\} 3$/m);
    assert.match(metrics, /^webhook_order_waiting\{destination="ledger"\} 3$/m);
  });

  it('are asked for in a form that is told', async () => {
    for (const query of ['limit=0', 'cursor=x', 'cursor=%00', 'destination=']) {
      assertProblem(await ask(`/blocked-keys?${query}`), 'invalid');
    }
    for (const query of ['', 'destination=ledger', 'order_key=a', 'destination=ledger&order_key=%00']) {
      assertProblem(await ask(`/blocked-keys/release?${query}`, 'POST'), 'invalid');
    }
    assertProblem(await request(`${receiver.url}/admin/blocked-keys`), 'unauthorized');
  });

  it('an event without a key flows freely, and is counted', async () => {
    const { id } = await accept({});
    await statusOf(receiver.url, id, 'completed');
    assert.deepEqual([(await deliveryOf(id)).order_key, (await deliveryOf(id)).turn], [null, null]);
    const metrics = await (await fetch(`${receiver.url}/metrics`)).text();
    assert.match(metrics, /^webhook_order_keys_missing_total\{destination="ledger"\} 1$/m);
  });
});
