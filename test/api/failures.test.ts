import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { PermanentError } from '../../src/domain/errors.ts';
import { startReceiver, suiteCleanup, type TestReceiver } from '../../testkit/receiver.ts';
import { assertProblem, envelope, post, request, statusOf } from './support.ts';

const TOKEN = 'correct-horse-battery-staple';
const VIEWER = 'battery-staple-correct-horse';

type Group = Readonly<{
  destination: string;
  group: string;
  class: string | null;
  http_status: number | null;
  count: number;
  first_at: string;
  last_at: string;
  sample: Readonly<{
    event_id: string;
    delivery_id: string;
    error: string;
    response_excerpt: string | null;
  }> | null;
  filter: string;
}>;

describe('failures by cause', () => {
  let receiver: TestReceiver;
  let shop = 0;
  const suite = suiteCleanup();
  before(async () => {
    receiver = await startReceiver(suite, {
      env: { ADMIN_TOKEN: TOKEN },
      tokens: { eve: { role: 'viewer', token: VIEWER } },
      destinations: {
        billing: {
          handler: (event) => {
            const what = event.eventType === 'order.paid' ? 'is not open' : 'has no price';
            throw new PermanentError(`order ${++shop} of ada@example.com ${what}`);
          },
        },
        ok: { handler: () => {}, events: ['none'] },
      },
    });
  });

  const ask = (path: string, { token = TOKEN, method = 'GET' } = {}) =>
    request(`${receiver.url}/admin${path}`, { method, headers: { authorization: `Bearer ${token}` } });
  const groupsOf = async (query = '', token = TOKEN) =>
    (await ask(`/failures${query}`, { token })).json.failures as readonly Group[];
  const postFailing = async (eventType: string) => {
    const { json } = await post(`${receiver.url}/webhooks`, envelope({ event_type: eventType }));
    await statusOf(receiver.url, json.id, 'failed');
    return String(json.id);
  };
  const foundBy = async ({ filter }: Group) => {
    const { json } = await ask(`/events?q=${encodeURIComponent(filter)}`);
    return (json.events as Readonly<{ id: string }>[]).map(({ id }) => id);
  };

  it('are counted, with their times, the last of them, and the filter that selects exactly these', async () => {
    assert.deepEqual(await groupsOf(), []);
    const paid = [
      await postFailing('order.paid'),
      await postFailing('order.paid'),
      await postFailing('order.paid'),
    ];
    const made = [await postFailing('order.made')];
    const [first, second, ...others] = (await groupsOf()) as [Group, Group];
    assert.deepEqual(others, []);
    assert.deepEqual(
      [first, second].map((one) => [one.destination, one.class, one.http_status, one.count]),
      [
        ['billing', 'handler', null, 3],
        ['billing', 'handler', null, 1],
      ],
    );
    assert.equal(first.sample!.event_id, paid[2]);
    assert.match(first.sample!.error, /^order 3 of ada@example\.com is not open$/);
    assert.ok(first.first_at < first.last_at);
    assert.deepEqual(await foundBy(first), paid.toReversed());
    assert.deepEqual(await foundBy(second), made);
    assert.deepEqual(await groupsOf('?destination=ok'), []);
    assert.deepEqual(await groupsOf('?destination=billing'), [first, second]);
  });

  it('are named by the destination, the newest one, masked for viewers', async () => {
    const errorOf = async (destination: string, token = TOKEN) =>
      (await ask(`/destinations/${destination}`, { token })).json.last_error;
    assert.match(String(await errorOf('billing')), /^order \d+ of ada@example\.com has no price$/);
    assert.equal(await errorOf('billing', VIEWER), '[redacted]');
    assert.equal(await errorOf('ok'), null);
  });

  it('show a viewer no text, and the rest', async () => {
    const groups = await groupsOf('', VIEWER);
    assert.equal(groups.length, 2);
    for (const { sample } of groups) assert.equal(sample!.error, '[redacted]');
  });

  it('lose what is replayed, and an erased event is left among the rest without its text', async () => {
    const [first] = (await groupsOf()) as [Group];
    const { delivery_id: id } = first.sample!;
    assert.equal((await ask(`/deliveries/${id}/replay`, { method: 'POST' })).status, 202);
    await statusOf(receiver.url, first.sample!.event_id, 'failed');
    const again = (await groupsOf())[0]!;
    // The replay has failed, too.
    assert.deepEqual([again.group, again.count], [first.group, 3]);
    assert.notEqual(again.sample!.delivery_id, id);
    const erased = again.sample!.event_id;
    assert.ok((await ask(`/webhooks/${erased}/erase`, { method: 'POST' })).status < 300);
    const [left, , rest] = (await groupsOf()) as [Group, Group, Group];
    assert.deepEqual([left.group, left.count], [first.group, 2]);
    assert.deepEqual([rest.group, rest.class, rest.count, rest.sample], ['other', null, 1, null]);
    assert.deepEqual(await foundBy(rest), [erased]);
    assert.ok(!(await foundBy(left)).includes(erased));
  });

  it('refuse what is no question', async () => {
    assertProblem(await ask('/failures?limit=5'), 'invalid');
    assertProblem(await ask('/failures?destination='), 'invalid');
    assertProblem(await ask('/events?q=group:x'), 'invalid');
  });
});
