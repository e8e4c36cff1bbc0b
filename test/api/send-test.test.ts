import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { before, describe, it } from 'node:test';
import { verifyWebhook } from '../../src/verify/index.ts';
import { eventually } from '../../testkit/eventually.ts';
import { startReceiver, suiteCleanup, type TestReceiver } from '../../testkit/receiver.ts';
import { assertProblem, request } from './support.ts';

const TOKENS = { viewer: 'v'.repeat(24), operator: 'o'.repeat(24), admin: 'a'.repeat(24) };
const SECRET = 'whsec_a_secret_of_stripe';
/** An Ed25519 public key: only its owner can sign. */
const PUBLIC_KEY = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';

type Got = Readonly<{ url: string; headers: IncomingHttpHeaders; body: Buffer }>;
type Handled = Readonly<{ origin: string; source: string; eventType: string }>;
type Sent = Readonly<{ event_id: string; delivery_id: string; destination: string; event_type: string }>;

describe('a test', () => {
  let receiver: TestReceiver;
  const got: Got[] = [];
  const handled: Handled[] = [];
  const suite = suiteCleanup();
  before(async () => {
    const server = createServer(async (incoming, response) => {
      const body = Buffer.concat(await incoming.toArray());
      got.push({ url: incoming.url!, headers: incoming.headers, body });
      response.end('ok');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    suite.after(async () => void server.close());
    const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    receiver = await startReceiver(suite, {
      env: { ADMIN_TOKEN: TOKENS.admin },
      tokens: {
        viewer: { role: 'viewer', token: TOKENS.viewer },
        operator: { role: 'operator', token: TOKENS.operator },
      },
      sources: {
        default: {},
        stripe: { provider: 'stripe', secret: SECRET },
        discord: { provider: 'discord', publicKey: PUBLIC_KEY },
      },
      destinations: {
        production: { url: `${target}/production` },
        ordered: { url: `${target}/ordered`, orderBy: 'body:/id', onFailure: 'block' },
        trial: { url: `${target}/trial`, sources: ['none'] },
        inside: {
          sources: ['none'],
          handler: ({ origin, source, eventType }: Handled) =>
            void handled.push({ origin, source, eventType }),
        },
      },
    } as never);
  });
  const call = (path: string, body?: object, token: string = TOKENS.operator, method = 'POST') =>
    request(`${receiver.url}/admin${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const eventOf = async (id: string) =>
    (await call(`/webhooks/${id}`, undefined, TOKENS.admin, 'GET')).json as Readonly<{
      origin: string;
      idempotency_key: string;
      deliveries: readonly { destination: string; status: string }[];
    }>;
  const completed = (id: string) =>
    eventually('it is delivered', async () =>
      (await eventOf(id)).deliveries.every(({ status }) => status === 'completed'),
    );

  it('of a source is signed as its provider would, and goes to the chosen destination alone', async () => {
    const answer = await call('/sources/stripe/test', { destination: 'trial' });
    assert.equal(answer.status, 202, answer.text);
    const sent = answer.json as unknown as Sent;
    await completed(sent.event_id);
    const { origin, deliveries, idempotency_key: key } = await eventOf(sent.event_id);
    assert.equal(origin, 'test');
    assert.equal(key, `test:${sent.event_id}`, 'a real event is never taken for its repetition');
    assert.deepEqual(
      deliveries.map(({ destination }) => destination),
      ['trial'],
    );
    assert.deepEqual(
      got.map(({ url }) => url),
      ['/trial'],
    );
    const { headers, body } = got[0]!;
    assert.equal(headers['webhook-origin'], 'test');
    const url = 'http://localhost/webhooks/stripe';
    const verified = await verifyWebhook({
      ...{ provider: 'stripe', secret: SECRET, method: 'POST', url, body, now: Date.now() },
      headers: headers as Record<string, string>,
    });
    assert.equal(verified.ok, true);
  });

  it('of a destination is an event of no source', async () => {
    const answer = await call('/destinations/inside/test');
    assert.equal(answer.status, 202, answer.text);
    await completed((answer.json as unknown as Sent).event_id);
    assert.deepEqual(handled, [{ origin: 'test', source: '_test', eventType: 'test.delivery' }]);
    assert.equal(got.length, 1);
  });

  it('of a source in the envelope, and for a destination in order, takes no turn', async () => {
    for (let count = 0; count < 2; count++) {
      const answer = await call('/sources/default/test', { destination: 'ordered' });
      assert.equal(answer.status, 202, answer.text);
      await completed((answer.json as unknown as Sent).event_id);
    }
    const { deliveries } = await eventOf(
      ((await call('/sources/default/test', { destination: 'ordered' })).json as unknown as Sent).event_id,
    );
    assert.equal((deliveries[0] as unknown as { turn: unknown }).turn, null);
  });

  it('is routed to no other destination later', async () => {
    const { json } = await call('/operations', { kind: 'route', q: 'source:stripe', to: 'production' });
    await eventually('the plan is counted', async () => {
      const plan = (await call(`/operations/${json.id}`, undefined, TOKENS.operator, 'GET')).json;
      if (plan.state !== 'planned') return false;
      assert.deepEqual([plan.count, plan.left_out], [0, { sent_as_test: 1 }]);
      return true;
    });
    assert.equal(
      got.some(({ url }) => url === '/production'),
      false,
    );
  });

  it('is refused where nobody but the provider can sign, to viewers, and for names that are not there', async () => {
    const refused = await call('/sources/discord/test', { destination: 'trial' });
    assertProblem(refused, 'invalid');
    assert.match(String(refused.json.detail), /Only the provider can sign/);
    assertProblem(await call('/sources/stripe/test', { destination: 'nowhere' }), 'not_found');
    assertProblem(await call('/sources/none/test', { destination: 'trial' }), 'unknown_source');
    assertProblem(await call('/sources/stripe/test', {}), 'invalid');
    assertProblem(await call('/destinations/none/test'), 'not_found');
    for (const path of ['/destinations/trial/test', '/sources/stripe/test']) {
      assertProblem(await call(path, { destination: 'trial' }, TOKENS.viewer), 'forbidden');
    }
  });

  it('is in the audit, with its event and its destination', async () => {
    const { json } = await call('/audit?action=source.test&target=stripe', undefined, TOKENS.admin, 'GET');
    const rows = json.audit as readonly Readonly<{ actor: string; after: Record<string, unknown> }>[];
    const sent = rows.find(({ after }) => after.refused === undefined);
    assert.equal(sent?.actor, 'operator');
    assert.equal(sent?.after.destination, 'trial');
    assert.equal((await eventOf(String(sent?.after.event_id))).origin, 'test');
  });

  it('says nothing of whether the source works', async () => {
    const { json } = await call('/sources/stripe', undefined, TOKENS.viewer, 'GET');
    assert.equal(json.last_event, null);
  });
});
