import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { eventually } from '../../testkit/eventually.ts';
import { startReceiver, suiteCleanup } from '../../testkit/receiver.ts';

type Counts = Readonly<Record<string, number>>;
type Shown = Readonly<{
  id: string;
  state: string;
  q: string | null;
  count: number | null;
  outcomes: Counts;
  skipped: Counts;
  left_out: Counts;
  taken_back: Counts;
  destinations: Counts;
  sample: readonly object[];
  code?: string;
  detail?: string;
  errors?: readonly Readonly<{ field: string; message: string }>[];
}>;

const TOKENS = { viewer: 'v'.repeat(24), operator: 'o'.repeat(24), admin: 'a'.repeat(24) };
type Who = keyof typeof TOKENS;

class PermanentError extends Error {
  code = 'HANDLER_PERMANENT';
}

describe('bulk operations', () => {
  const suite = suiteCleanup();
  let url: string;
  let isDown = true;
  const got: string[] = [];
  before(async () => {
    const handler = ({ key }: { key?: string }) => {
      if (isDown) throw new PermanentError('down');
      got.push(String(key));
    };
    ({ url } = await startReceiver(suite, {
      env: { ADMIN_TOKEN: TOKENS.admin },
      tokens: {
        viewer: { role: 'viewer', token: TOKENS.viewer },
        operator: { role: 'operator', token: TOKENS.operator },
      },
      destinations: {
        crm: { handler: handler as never, events: ['order.*'] },
        erp: { handler: handler as never, events: ['none'] },
      },
    }));
    for (let n = 0; n < 6; n++) await send(`key-${n}`);
    await eventually('all have failed', async () => (await deadLetters()) === 6, deadLetters);
  });

  const call = async (path: string, body: object | null, who: Who) => {
    const response = await fetch(`${url}/admin/${path}`, {
      method: body === null ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${TOKENS[who]}`, 'content-type': 'application/json' },
      ...(body !== null && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Shown };
  };
  const post = (path: string, body: object, who: Who = 'operator') => call(`operations${path}`, body, who);
  const show = async (id: string, who: Who = 'operator') => (await call(`operations/${id}`, null, who)).body;
  const send = async (key: string) => {
    const body = JSON.stringify({ idempotency_key: key, event_type: 'order.created', payload: {} });
    const headers = { 'content-type': 'application/json' };
    assert.equal((await fetch(`${url}/webhooks`, { method: 'POST', headers, body })).status, 202);
  };
  const deadLetters = async () => {
    const { body } = await call('dead-letters', null, 'admin');
    return (body as unknown as { deliveries: readonly unknown[] }).deliveries.length;
  };
  const until = async (id: string, state: string) => {
    await eventually(
      `it is ${state}`,
      async () => (await show(id)).state === state,
      async () => JSON.stringify(await show(id)),
    );
    return show(id);
  };
  const planOf = async (kind: string, q: string, who: Who = 'operator', more: object = {}) => {
    const { status, body } = await post('', { kind, q, ...more }, who);
    assert.ok(status === 200 || status === 202, `${status} ${body.detail}`);
    return until(body.id, 'planned');
  };

  it('refuses what is wrong, at its place, and leaves no operation behind', async () => {
    const cases: readonly (readonly [object, Who, number, string])[] = [
      [{ kind: 'replay', q: '' }, 'operator', 422, 'empty filter'],
      [{ kind: 'replay', q: 'key:"a' }, 'operator', 422, 'quote is not closed'],
      [{ kind: 'replay', q: `key:${'a'.repeat(10_000)}` }, 'operator', 422, 'characters'],
      [{ kind: 'replay', q: 'key:/a.*/' }, 'operator', 422, 'regular expressions'],
      [{ kind: 'repeat', q: 'key:a' }, 'operator', 422, 'kind'],
      [{ kind: 'replay', q: 'key:a', too: 'crm' }, 'operator', 422, 'nearest is to'],
      [{ kind: 'replay', q: 'key:a', to: 'crm' }, 'operator', 422, 'leads nowhere'],
      [{ kind: 'route', q: 'key:a' }, 'operator', 422, 'destination'],
      [{ kind: 'route', q: 'key:a', to: 'nowhere' }, 'operator', 422, 'one of crm, erp'],
      [{ kind: 'replay', q: 'key:a', rate: '0/s' }, 'operator', 422, 'a rate such as'],
      [{ kind: 'reverify', q: 'status:failed' }, 'operator', 422, 'does not apply to reverify'],
      [{ kind: 'release', q: 'source:a' }, 'operator', 422, 'does not apply to release'],
      [{ kind: 'erase', q: 'key:a' }, 'operator', 403, 'admin'],
      [{ kind: 'replay', q: 'status:completed' }, 'operator', 403, 'admin'],
      [{ kind: 'replay', q: 'key:a' }, 'viewer', 403, 'operator'],
    ];
    for (const [body, who, status, says] of cases) {
      const answer = await post('', body, who);
      const what = JSON.stringify(body).slice(0, 80);
      assert.equal(answer.status, status, what);
      assert.match(JSON.stringify(answer.body), new RegExp(says), what);
    }
    const listed = (await call('operations', null, 'viewer')).body as unknown as { operations: readonly [] };
    assert.deepEqual(listed.operations, []);
    const { audit } = (await call('audit?action=operation.plan', null, 'admin')).body as unknown as {
      audit: readonly { after: { refused: string } }[];
    };
    const refused = audit.map(({ after }) => after.refused).toSorted();
    // What one actor may not do shares a row for a while.
    const invalid = cases.filter(([, , status]) => status === 422).map(() => 'invalid');
    const expected = ['forbidden', 'forbidden', ...invalid];
    assert.deepEqual(refused, expected);
  });

  it('replays what has failed, once, takes back what was not tried, and leaves what came later', async () => {
    const plan = await planOf('replay', 'status:failed destination:crm since:2h body~"key"');
    assert.deepEqual([plan.count, plan.destinations, plan.sample.length], [6, { crm: 6 }, 5]);
    assert.match(plan.q!, /since:\d{4}-/);
    assert.equal((await show(plan.id, 'viewer')).q, null);
    await send('later');
    await eventually('it has failed too', async () => (await deadLetters()) === 7, deadLetters);
    const wrong = await post(`/${plan.id}/run`, { expect: 7 });
    assert.deepEqual([wrong.status, wrong.body.code], [409, 'count_differs']);
    assert.equal((await post(`/${plan.id}/run`, { expect: 6 }, 'viewer')).status, 403);

    const hold = await call('destinations/crm/hold', {}, 'operator');
    assert.equal(hold.status, 200);
    assert.equal((await post(`/${plan.id}/run`, { expect: 6, rate: '1000/s' })).status, 202);
    assert.deepEqual((await until(plan.id, 'completed')).outcomes, { replayed: 6 });
    const again = await post(`/${plan.id}/run`, { expect: 6 });
    assert.deepEqual([again.status, again.body.code], [409, 'operation_state']);
    assert.equal(await deadLetters(), 1);

    assert.equal((await post(`/${plan.id}/take-back`, {})).status, 202);
    assert.deepEqual((await until(plan.id, 'taken_back')).taken_back, { taken_back: 6 });
    assert.equal(await deadLetters(), 7);

    isDown = false;
    await call('destinations/crm/resume', {}, 'operator');
    const second = await planOf('replay', 'status:failed');
    assert.equal(second.count, 7);
    await post(`/${second.id}/run`, {});
    assert.deepEqual((await until(second.id, 'completed')).outcomes, { replayed: 7 });
    await eventually(
      'all are done',
      () => got.length === 7,
      () => got.length,
    );
    const third = await planOf('replay', 'status:failed');
    assert.deepEqual([third.count, third.left_out], [0, { superseded: 7 }]);
  });

  it('routes history, and erases it', async () => {
    const route = await planOf('route', 'type:order.*', 'operator', { to: 'erp' });
    assert.equal(route.count, 7);
    await post(`/${route.id}/run`, {});
    assert.deepEqual((await until(route.id, 'completed')).outcomes, { routed: 7 });
    await eventually(
      'all are there',
      () => got.length === 14,
      () => got.length,
    );
    assert.deepEqual((await planOf('route', 'type:order.*', 'operator', { to: 'erp' })).left_out, {
      routed_before: 7,
    });

    const erase = await planOf('erase', 'key:key-0,key-1', 'admin');
    assert.equal((await post(`/${erase.id}/run`, {})).status, 403);
    await post(`/${erase.id}/run`, { expect: 2 }, 'admin');
    const erased = await until(erase.id, 'completed');
    assert.deepEqual([erased.outcomes, erased.q], [{ erased: 2 }, null]);
  });

  it('cancels a plan, which may then not be run', async () => {
    const plan = await planOf('give-up', 'source:default');
    assert.equal((await post(`/${plan.id}/cancel`, {})).body.state, 'cancelled');
    assert.equal((await post(`/${plan.id}/run`, {})).status, 409);
    assert.equal((await post(`/${plan.id}/take-back`, {})).status, 409);
    assert.equal((await post('/01a22d81-87e7-7000-b5db-889725e30000/cancel', {})).status, 404);
  });
});
