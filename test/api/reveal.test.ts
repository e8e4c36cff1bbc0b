import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { ROLES, type Role } from '../../src/domain/role.ts';
import { anAttempt } from '../../testkit/builders.ts';
import { suiteCleanup } from '../../testkit/receiver.ts';
import { type StartedSources, startSources } from './sources-support.ts';
import { assertProblem, post, request } from './support.ts';

const TOKENS = ROLES.map((role) => ({
  name: `the ${role}`,
  role,
  token: `token of the ${role} of the test`,
}));
const GITHUB = { provider: 'github', secrets: ['hunter2'] };

type Shown = Readonly<{
  url: string;
  headers: readonly (readonly [string, string])[];
  body: string;
  body_encoding: string;
  body_bytes: number;
}>;

describe('the request of an event', () => {
  let receiver: StartedSources;
  const suite = suiteCleanup();
  before(async () => {
    receiver = await startSources(suite, {
      sources: { default: null, github: GITHUB },
      masks: { default: ['/payload/card/number', '/payload/items/*/name'], github: ['/card'] },
      tokens: TOKENS,
    });
  });

  const ask = (role: Role, path: string) =>
    request(`${receiver.url}/admin${path}`, {
      headers: { authorization: `Bearer ${TOKENS.find((one) => one.role === role)!.token}` },
    });
  const shown = async (role: Role, path: string) => {
    const { status, json, text } = await ask(role, path);
    assert.equal(status, 200, text);
    return json as unknown as Shown;
  };
  const headerOf = ({ headers }: Shown, name: string) =>
    headers.find(([one]) => one.toLowerCase() === name)?.[1];
  const rows = async (target: string) =>
    (await receiver.store.readAudit(0, 1_000)).filter((row) => row.target === target);

  let keys = 0;
  const send = async () => {
    const body = JSON.stringify({
      idempotency_key: `key ${++keys}`,
      event_type: 'order.paid',
      payload: {
        card: { number: 4242424242424242n.toString(), exp: '12/30' },
        items: [{ name: 'Ada', n: 1 }],
      },
    });
    const headers = {
      'content-type': 'application/json',
      authorization: 'Bearer s3cret',
      cookie: 'c00kie',
      'x-shop': 'berlin',
    };
    const { json } = await post(`${receiver.url}/webhooks?token=t0ken&page=7`, body, headers);
    return { id: String(json.id), body };
  };

  it('is shown to an operator without credentials and without what the source masks', async () => {
    const { id, body } = await send();
    for (const role of ['operator', 'admin'] as const) {
      const request = await shown(role, `/webhooks/${id}`);
      assert.equal(request.url, '/webhooks?token=[redacted]&page=7');
      assert.equal(headerOf(request, 'authorization'), '[redacted]');
      assert.equal(headerOf(request, 'cookie'), '[redacted]');
      assert.equal(headerOf(request, 'x-shop'), 'berlin');
      const masked = body.replace('"4242424242424242"', '"[redacted]"').replace('"Ada"', '"[redacted]"');
      assert.deepEqual([request.body, request.body_encoding], [masked, 'utf8']);
      assert.equal(request.body_bytes, body.length);
    }
    assert.deepEqual(await rows(id), []);
  });

  it('is shown to a viewer in shape alone', async () => {
    const { id } = await send();
    const request = await shown('viewer', `/webhooks/${id}`);
    assert.equal(request.url, '/webhooks?token=[redacted]&page=[redacted]');
    assert.equal(headerOf(request, 'x-shop'), '[redacted]');
    assert.equal(headerOf(request, 'content-type'), 'application/json');
    assert.deepEqual(JSON.parse(request.body), {
      idempotency_key: '[redacted]',
      event_type: '[redacted]',
      payload: {
        card: { number: '[redacted]', exp: '[redacted]' },
        items: [{ name: '[redacted]', n: '[redacted]' }],
      },
    });
  });

  it('is revealed to an operator who asks for it, and the audit has that', async () => {
    const { id, body } = await send();
    const request = await shown('operator', `/webhooks/${id}?reveal=true`);
    assert.equal(request.url, '/webhooks?token=t0ken&page=7');
    assert.equal(headerOf(request, 'authorization'), 'Bearer s3cret');
    assert.equal(request.body, body);
    const [row, ...others] = await rows(id);
    assert.equal(others.length, 0);
    assert.deepEqual([row!.action, row!.actor, row!.role], ['event.reveal', 'the operator', 'operator']);
    assert.ok(!JSON.stringify(row).includes('4242'));
  });

  it('is not revealed to a viewer, and the audit has that too', async () => {
    const { id } = await send();
    assertProblem(await ask('viewer', `/webhooks/${id}?reveal=true`), 'forbidden');
    const [row] = await rows(id);
    assert.deepEqual([row!.action, row!.actor], ['event.reveal', 'the viewer']);
    assert.match(String(row!.after_json), /forbidden/);
    for (const query of ['?reveal=1', '?reveal=', '?reveal=true&x=1']) {
      assertProblem(await ask('admin', `/webhooks/${id}${query}`), 'invalid');
    }
    assert.equal((await ask('viewer', `/webhooks/${id}?reveal=false`)).status, 200);
  });

  it('what handlers and destinations said of it is not shown to a viewer', async () => {
    const { id } = await send();
    const { leased } = await receiver.store.claim({
      limits: [{ destination: 'sink', limit: 100 }],
      token: 'token',
      nowMs: receiver.clock.nowMs(),
      leaseUntilMs: receiver.clock.nowMs() + 1_000,
    });
    const { lease } = leased.find(({ event }) => event.id === id)!;
    const attempt = anAttempt({ outcome: 'failed', error: 'no Ada here', responseExcerpt: 'Ada?' });
    const nowMs = receiver.clock.nowMs();
    await receiver.store.settle(lease, { kind: 'failed', error: 'no Ada here' }, attempt, nowMs);
    for (const [role, sees] of [
      ['viewer', false],
      ['operator', true],
    ] as const) {
      for (const path of [`/webhooks/${id}`, '/dead-letters']) {
        const { text } = await ask(role, path);
        assert.equal(text.includes('no Ada here'), sees, `${role} ${path}`);
        assert.match(text, sees ? /last_error":"no Ada/ : /last_error":"\[redacted\]"/);
      }
      assert.equal((await ask(role, `/webhooks/${id}`)).text.includes('Ada?'), sees);
    }
  });

  it('is masked in the same way when it was rejected', async () => {
    const body = '{"card":"4242","zen":"ok"}';
    await post(`${receiver.url}/webhooks/github?page=7`, body, {
      'content-type': 'application/json',
      'x-hub-signature-256': `sha256=${'0'.repeat(64)}`,
      'x-shop': 'berlin',
    });
    const list = (await ask('viewer', '/rejected')).json.rejected as { id: string; url: string }[];
    assert.equal(list[0]!.url, '/webhooks/github?page=[redacted]');
    const path = `/rejected/${list[0]!.id}`;
    const operators = await shown('operator', path);
    assert.equal(operators.body, '{"card":"[redacted]","zen":"ok"}');
    assert.equal(headerOf(operators, 'x-shop'), 'berlin');
    const viewers = await shown('viewer', path);
    assert.equal(viewers.body, '{"card":"[redacted]","zen":"[redacted]"}');
    assert.equal(headerOf(viewers, 'x-hub-signature-256'), '[redacted]');
    assert.equal((await shown('operator', `${path}?reveal=true`)).body, body);
    assert.deepEqual(
      (await rows(list[0]!.id)).map(({ action }) => action),
      ['rejected.reveal'],
    );
    assertProblem(await ask('viewer', `${path}?reveal=true`), 'forbidden');
  });
});
