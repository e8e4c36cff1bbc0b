import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { PermanentError } from '../../src/domain/errors.ts';
import { startReceiver, suiteCleanup, type TestReceiver } from '../../testkit/receiver.ts';
import { assertProblem, envelope, eventually, post, request, statusOf } from './support.ts';

const ANN = 'the-token-of-ann-the-operator';
const EVE = 'the-token-of-eve-the-viewer';

type Moment = Readonly<{
  at: string;
  kind: string;
  delivery_id: string | null;
  destination: string | null;
  actor: string | null;
  detail: Record<string, unknown>;
}>;

describe('GET /admin/webhooks/{id}/history', () => {
  let receiver: TestReceiver;
  let isBroken = true;
  const suite = suiteCleanup();
  before(async () => {
    receiver = await startReceiver(suite, {
      env: { RETRY_BASE_DELAY: '0.01', RETRY_MAX_DELAY: '0.01', MAX_ATTEMPTS: '2' },
      tokens: { ann: { role: 'operator', token: ANN }, eve: { role: 'viewer', token: EVE } },
      destinations: {
        ledger: {
          handler: () => {
            if (isBroken) throw new Error('the secret of the payload');
          },
          orderBy: 'body:/payload/order',
        },
        audit: {
          handler: () => {
            throw new PermanentError('never');
          },
          events: ['never'],
        },
      },
    });
  });
  const ask = (path: string, token = ANN, method = 'GET') =>
    request(`${receiver.url}/admin${path}`, { method, headers: { authorization: `Bearer ${token}` } });
  const historyOf = async (id: unknown, token = EVE) =>
    (await ask(`/webhooks/${id}/history`, token)).json.history as Moment[];

  it('tells how it came, every try, retries, the replay and who made it, in order', async () => {
    const body = envelope({ payload: { order: 'customer 17' } });
    const { json: event } = await post(`${receiver.url}/webhooks`, body);
    await statusOf(receiver.url, event.id, 'failed');
    for (const again of [body, { ...body, payload: { order: 'customer 17', more: 1 } }]) {
      assert.equal((await post(`${receiver.url}/webhooks`, again)).status, 200);
    }
    isBroken = false;
    const [failed] = (await ask(`/webhooks/${event.id}`)).json.deliveries as { id: string }[];
    assert.equal((await ask(`/deliveries/${failed!.id}/replay`, ANN, 'POST')).status, 202);
    await statusOf(receiver.url, event.id, 'completed');
    await eventually(
      () => ask(`/webhooks/${event.id}/history`),
      ({ text }) => text.includes('"count":2'),
    );
    const history = await historyOf(event.id);
    const kinds = history.map(({ kind }) => kind).filter((kind) => kind !== 'came_again');
    assert.deepEqual(kinds, ['accepted', 'try', 'retry', 'try', 'failed', 'replay', 'try', 'completed']);
    const times = history.map(({ at }) => at);
    assert.deepEqual(times, times.toSorted());
    const again = history.find(({ kind }) => kind === 'came_again');
    assert.deepEqual(again?.detail, { count: 2, bytes_differed: true });
    const replay = history.find(({ kind }) => kind === 'replay');
    assert.deepEqual([replay?.actor, replay?.detail], ['ann', { replay_of: failed!.id }]);
    assert.doesNotMatch(JSON.stringify(history), /customer 17|secret of the payload/);
  });

  it('tells of a release, and by whom', async () => {
    isBroken = true;
    const { json: event } = await post(
      `${receiver.url}/webhooks`,
      envelope({ payload: { order: 'customer 18' } }),
    );
    await statusOf(receiver.url, event.id, 'failed');
    const released = await ask(
      '/blocked-keys/release?destination=ledger&order_key=customer%2018',
      ANN,
      'POST',
    );
    assert.equal(released.status, 200, released.text);
    const last = (await historyOf(event.id)).at(-1)!;
    assert.deepEqual([last.kind, last.actor], ['release', 'ann']);
    assert.doesNotMatch(JSON.stringify(await historyOf(event.id)), /customer 18/);
    const audit = await ask('/audit?action=order_key.release');
    assert.doesNotMatch(audit.text, /customer 18/);
  });

  it('is not there for an unknown event', async () => {
    for (const id of ['none', '01890000-0000-7000-8000-000000000001']) {
      assertProblem(await ask(`/webhooks/${id}/history`), 'not_found');
    }
  });
});
