import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { PermanentError } from '../../src/domain/errors.ts';
import { startReceiver, suiteCleanup, type TestReceiver } from '../../testkit/receiver.ts';
import { assertProblem, envelope, eventually, post, request, statusOf } from './support.ts';

const TOKEN = 'correct-horse-battery-staple';
const SECRET = 'a secret of the tests';

type Delivery = Readonly<{ id: string; destination: string; status: string; replay_of: string | null }>;

let count = 0;

/** What GitHub sends, and sends again when somebody presses "Redeliver". */
function delivery(path: string, overrides: Readonly<{ id?: string; body?: string; secret?: string }> = {}) {
  count += 1;
  const { id = `delivery-${count}`, body = `{"zen":${count}}`, secret = SECRET } = overrides;
  const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
  const headers = {
    ...{ 'content-type': 'application/json', 'x-github-event': 'push', 'x-github-delivery': id },
    'x-hub-signature-256': signature,
  };
  return { path, id, body, headers };
}

describe('a redelivery by hand', () => {
  let receiver: TestReceiver;
  const suite = suiteCleanup();
  const fails = () => {
    throw new PermanentError('no such order');
  };
  before(async () => {
    receiver = await startReceiver(suite, {
      env: { ADMIN_TOKEN: TOKEN },
      sources: {
        default: {},
        github: { provider: 'github', secret: SECRET },
        quiet: { provider: 'github', secret: SECRET, replayOnRedelivery: false },
      },
      destinations: { billing: { handler: fails }, crm: { handler: () => {} } },
    });
  });

  const send = ({ path, body, headers }: ReturnType<typeof delivery>) =>
    request(`${receiver.url}${path}`, { method: 'POST', headers, body });
  const ask = (path: string, method = 'GET') =>
    request(`${receiver.url}/admin${path}`, { method, headers: { authorization: `Bearer ${TOKEN}` } });
  const deliveriesOf = async (eventId: unknown) =>
    (await ask(`/webhooks/${eventId}`)).json.deliveries as Delivery[];
  const sendFailing = async (one: ReturnType<typeof delivery>) => {
    const { json, status } = await send(one);
    assert.equal(status, 202);
    await statusOf(receiver.url, json.id, 'failed');
    return String(json.id);
  };
  const ended = (eventId: string, number: number) =>
    eventually(
      () => ask(`/webhooks/${eventId}`),
      ({ json }) => {
        const all = json.deliveries as Delivery[];
        return (
          all.length === number && all.every(({ status }) => status === 'failed' || status === 'completed')
        );
      },
    );

  it('replays what has failed, once, and is answered 200', async () => {
    const one = delivery('/webhooks/github');
    const eventId = await sendFailing(one);
    const before = await deliveriesOf(eventId);
    const failed = before.find(({ status }) => status === 'failed')!;
    const answer = await send(one);
    assert.deepEqual([answer.status, answer.json.id, answer.json.status], [200, eventId, 'pending']);
    await ended(eventId, 3);
    const replay = (await deliveriesOf(eventId)).at(-1)!;
    assert.deepEqual([replay.destination, replay.replay_of], ['billing', failed.id]);

    // The replay has failed too, and the provider goes on for days.
    for (let again = 0; again < 20; again++) assert.equal((await send(one)).status, 200);
    assert.equal((await deliveriesOf(eventId)).length, 3);

    const { json } = await ask(`/audit?action=delivery.replay&target=${failed.id}`);
    const rows = Object.values(json).find((value) => Array.isArray(value)) as Record<string, unknown>[];
    assert.equal(rows.length, 1);
    assert.deepEqual([rows[0]!.actor, rows[0]!.role, rows[0]!.address], ['system', 'system', null]);
    assert.deepEqual(rows[0]!.after, {
      ...{ reason: 'redelivery', source: 'github' },
      ...{ destination: 'billing', replay_id: replay.id },
    });
  });

  it('makes one replay of many at once', async () => {
    const one = delivery('/webhooks/github');
    const eventId = await sendFailing(one);
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(one)));
    assert.ok(answers.every(({ status }) => status === 200));
    await ended(eventId, 3);
  });

  it('leaves to an operator what an operator has replayed', async () => {
    const one = delivery('/webhooks/github');
    const eventId = await sendFailing(one);
    const failed = (await deliveriesOf(eventId)).find(({ status }) => status === 'failed')!;
    assert.equal((await ask(`/deliveries/${failed.id}/replay`, 'POST')).status, 202);
    await ended(eventId, 3);
    assert.equal((await send(one)).status, 200);
    assert.equal((await deliveriesOf(eventId)).length, 3);
  });

  it('does nothing with other bytes, without a right signature, or where it is turned off', async () => {
    const one = delivery('/webhooks/github');
    const eventId = await sendFailing(one);
    assert.equal((await send(delivery(one.path, { id: one.id, body: '{"zen":"other"}' }))).status, 200);
    assertProblem(
      await send(delivery(one.path, { id: one.id, body: one.body, secret: 'wrong' })),
      'unverified',
    );
    assert.equal((await deliveriesOf(eventId)).length, 2);

    const quiet = delivery('/webhooks/quiet');
    const quietId = await sendFailing(quiet);
    assert.equal((await send(quiet)).status, 200);
    assert.equal((await deliveriesOf(quietId)).length, 2);

    const unsigned = envelope();
    const { json } = await post(`${receiver.url}/webhooks`, unsigned);
    await statusOf(receiver.url, json.id, 'failed');
    assert.equal((await post(`${receiver.url}/webhooks`, unsigned)).status, 200);
    assert.equal((await deliveriesOf(json.id)).length, 2);
  });
});
