import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { PermanentError } from '../../src/domain/errors.ts';
import { startReceiver, suiteCleanup, type TestReceiver } from '../../testkit/receiver.ts';
import { assertProblem, envelope, eventually, post, request, statusOf } from './support.ts';

const TOKEN = 'correct-horse-battery-staple';
const OPERATOR = 'battery-staple-of-an-operator';

type Delivery = Readonly<Record<string, unknown>> & Readonly<{ id: string; superseded_by: string | null }>;

describe('a replay', () => {
  let receiver: TestReceiver;
  const suite = suiteCleanup();
  const keys: string[] = [];
  let isBroken = true;
  before(async () => {
    receiver = await startReceiver(suite, {
      env: { ADMIN_TOKEN: TOKEN },
      tokens: { olga: { role: 'operator', token: OPERATOR } },
      destinations: {
        billing: {
          handler: (_event, { idempotencyKey }) => {
            keys.push(idempotencyKey);
            if (isBroken) throw new PermanentError('no such order');
          },
        },
      },
    });
  });

  const ask = (path: string, method = 'GET', token = TOKEN) =>
    request(`${receiver.url}/admin${path}`, { method, headers: { authorization: `Bearer ${token}` } });
  const replay = (id: string, query = '') => ask(`/deliveries/${id}/replay${query}`, 'POST');
  const deliveriesOf = async (id: string) => (await ask(`/webhooks/${id}`)).json.deliveries as Delivery[];
  const lettersOf = async (query = '') => (await ask(`/dead-letters?${query}`)).json.deliveries as Delivery[];
  const postFailing = async (fields: Readonly<Record<string, unknown>> = {}) => {
    const { json } = await post(`${receiver.url}/webhooks`, envelope(fields));
    await statusOf(receiver.url, json.id, 'failed');
    const [{ id }] = (await deliveriesOf(String(json.id))) as [Delivery];
    return { id, eventId: String(json.id), key: String(json.idempotency_key) };
  };
  const failedAgain = (eventId: string, count: number) =>
    eventually(
      () => ask(`/webhooks/${eventId}`),
      ({ json }) => {
        const all = json.deliveries as Delivery[];
        return all.length === count && all.every(({ status }) => status === 'failed');
      },
    );

  it('is made once, and refused with the id of the first one after that', async () => {
    const { id, eventId } = await postFailing();
    const answers = await Promise.all(Array.from({ length: 10 }, () => replay(id)));
    const made = answers.filter(({ status }) => status === 202);
    assert.equal(made.length, 1);
    const replayId = made[0]!.json.id;
    for (const answer of answers.filter(({ status }) => status !== 202)) {
      assertProblem(answer, 'already_replayed');
      assert.deepEqual([answer.status, answer.json.replay_id], [409, replayId]);
    }
    await failedAgain(eventId, 2);
    assert.equal((await replay(id)).json.replay_id, replayId);
    const second = await replay(String(replayId));
    assert.deepEqual([second.status, second.json.replay_of, second.json.sent_as], [202, replayId, id]);
    await failedAgain(eventId, 3);
    assert.deepEqual(keys.slice(-3), [id, id, id]);
  });

  it('supersedes its dead letter, which leaves the list and the count', async () => {
    const { id, eventId, key } = await postFailing();
    const failed = async () => {
      const { text } = await request(`${receiver.url}/metrics`);
      return Number(/^webhook_deliveries\{destination="billing",status="failed"\} (\d+)$/m.exec(text)![1]);
    };
    const count = await failed();
    assert.equal((await lettersOf())[0]!.id, id);
    const { json } = await replay(id);
    await failedAgain(eventId, 2);
    const [newest] = await lettersOf();
    assert.deepEqual(
      [newest!.id, newest!.replay_of, newest!.superseded_by, newest!.idempotency_key],
      [json.id, id, null, key],
    );
    assert.ok(!(await lettersOf()).some((letter) => letter.id === id));
    assert.equal(
      (await lettersOf('superseded=true')).find((letter) => letter.id === id)!.superseded_by,
      json.id,
    );
    assert.equal(await failed(), count);
  });

  it('is made again for an admin who asks for it, and a completed one is done under a new key', async () => {
    const { id, eventId } = await postFailing();
    isBroken = false;
    const { json: first } = await replay(id);
    await statusOf(receiver.url, eventId, 'completed');
    const again = await replay(id, '?again=true');
    assert.deepEqual([again.status, again.json.sent_as], [202, id]);
    await statusOf(receiver.url, eventId, 'completed');
    assert.equal((await deliveriesOf(eventId))[0]!.superseded_by, first.id);
    const done = await replay(String(first.id));
    assert.deepEqual([done.status, done.json.sent_as], [202, done.json.id]);
    await statusOf(receiver.url, eventId, 'completed');
    assert.equal(keys.at(-1), done.json.id);
    isBroken = true;
    for (const query of ['?again=1', '?again=', '?agian=true']) {
      assertProblem(await replay(id, query), 'invalid');
    }
  });

  it('of a completed delivery, and a further one of a failed one, takes an admin', async () => {
    const failed = await postFailing();
    isBroken = false;
    const { json: made } = await replay(failed.id);
    await statusOf(receiver.url, failed.eventId, 'completed');
    isBroken = true;
    for (const [id, query] of [
      [made.id, ''],
      [made.id, '?again=true'],
      [failed.id, '?again=true'],
    ]) {
      const answer = await ask(`/deliveries/${id}/replay${query}`, 'POST', OPERATOR);
      assert.match(assertProblem(answer, 'forbidden').detail, /takes the role admin/);
    }
    const once = await ask(`/deliveries/${failed.id}/replay`, 'POST', OPERATOR);
    assertProblem(once, 'already_replayed');
    assert.equal((await deliveriesOf(failed.eventId)).length, 2, 'nothing changed');
  });

  it('is found by destination, source, type, time and error', async () => {
    const { id } = await postFailing({ event_type: 'rare.type' });
    for (const query of [
      ...['type=rare.type', 'type=rare.type&destination=billing&source=default&since=1h&error=NO SUCH'],
      'type=rare.type&since=2020-01-01T00:00Z&until=2999-01-01T00:00:00Z',
    ]) {
      const [letter, ...others] = await lettersOf(query);
      assert.deepEqual([letter?.id, others], [id, []], query);
      assert.deepEqual([letter!.source, letter!.event_type], ['default', 'rare.type']);
    }
    for (const query of ['destination=crm', 'source=other', 'type=rare', 'until=1h', 'error=timeout']) {
      const filter = query.startsWith('type') ? query : `type=rare.type&${query}`;
      assert.deepEqual(await lettersOf(filter), [], query);
    }
    for (const [query, field] of [
      ...[
        ['since=yesterday', '/since'],
        ['until=1h&since=1m', '/until'],
        ['error=', '/error'],
      ],
      ...[
        ['destination=%00', '/destination'],
        ['superseded=yes', '/superseded'],
        ['typ=x', '/typ'],
      ],
    ] as [string, string][]) {
      const { errors } = assertProblem(await ask(`/dead-letters?${query}`), 'invalid');
      assert.deepEqual(
        errors?.map((error) => error.field),
        [field],
        query,
      );
    }
  });
});
