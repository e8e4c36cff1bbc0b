import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, it } from 'node:test';
import { StoreError } from '../../src/domain/errors.ts';
import { createLog, createLogSubscriber } from '../../src/observe/log.ts';
import { openMemoryStore } from '../../src/store/memory/open.ts';
import { createFakeClock } from '../../testkit/fake-clock.ts';
import { selfSigned } from './self-signed.ts';
import { postSigned, type SourcesOptions, startSources } from './sources-support.ts';
import { assertProblem, post } from './support.ts';

const SECRET = 'b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81';
const OTHER = '0000000000000000000000000000000000000000000000000000000000000000';
const ASANA = { asana: { provider: 'asana' } } as const;
const EVENT = '{"events":[{"action":"changed","resource":{"gid":"1","resource_type":"task"}}]}';

const hello = (url: string, secret = SECRET) =>
  post(`${url}/webhooks/asana`, '{}', { 'X-Hook-Secret': secret });
const event = (url: string, secret = SECRET, body = EVENT) =>
  postSigned(`${url}/webhooks/asana`, { provider: 'asana', secret, body });

describe('a secret that a handshake brings (Asana)', () => {
  it('is kept, echoed and verified with at once', async (t) => {
    const { url, admin, events } = await startSources(t, { sources: ASANA });
    assertProblem(await event(url), 'keys_unavailable');
    const answer = await hello(url);
    assert.deepEqual([answer.status, answer.header('x-hook-secret'), answer.text], [200, SECRET, '']);
    assert.equal((await event(url)).status, 202);
    assertProblem(await event(url, OTHER, `${EVENT} `), 'unverified');
    const { state } = (await admin('/sources/asana/state')).json as { state: Record<string, string>[] };
    assert.deepEqual(
      state.map(({ name, value }) => [name, value]),
      [['x-hook-secret', SECRET]],
    );
    assert.equal(events.filter(({ type }) => type === 'secret.kept').length, 1);
    assert.ok(!JSON.stringify(events).includes(SECRET));
  });

  it('is answered again when the provider repeats it, but no other one is taken', async (t) => {
    const { url, metric } = await startSources(t, { sources: ASANA });
    await hello(url);
    assert.equal((await hello(url)).status, 200);
    const answer = await hello(url, OTHER);
    assertProblem(answer, 'handshake_refused');
    assert.equal(answer.header('x-hook-secret'), undefined);
    assert.doesNotMatch(answer.text, /b5372|00000/);
    assert.equal((await event(url)).status, 202);
    const line = 'webhook_handshakes_total{source="asana",handshake="hook secret",outcome=';
    assert.equal(await metric(`${line}"answered"}`), 2);
    assert.equal(await metric(`${line}"refused"}`), 1);
  });

  it('of many at once, one is taken', async (t) => {
    const { url, store } = await startSources(t, { sources: ASANA });
    const secrets = Array.from({ length: 8 }, (_, i) => `${i}`.repeat(64));
    const answers = await Promise.all(secrets.map((secret) => hello(url, secret)));
    const taken = secrets.filter((_, i) => answers[i]!.status === 200);
    assert.equal(taken.length, 1);
    assert.equal(answers.filter(({ status }) => status === 403).length, 7);
    assert.deepEqual(
      (await store.readSourceState('asana')).map(({ value }) => value),
      taken,
    );
  });

  it('is refused where the user has configured another one', async (t) => {
    const { url, store } = await startSources(t, {
      sources: { asana: { provider: 'asana', secrets: [SECRET] } },
    });
    assert.equal((await hello(url)).status, 200);
    assertProblem(await hello(url, OTHER), 'handshake_refused');
    assert.deepEqual(await store.readSourceState('asana'), []);
    assert.equal((await event(url)).status, 202);
  });

  it('outlives a restart', async (t) => {
    const store = openMemoryStore({ maxPendingDeliveries: 10 });
    const first = await startSources(t, { sources: ASANA, store });
    await hello(first.url);
    await first.close();
    const second = await startSources(t, { sources: ASANA, store });
    assert.equal((await event(second.url)).status, 202);
    assertProblem(await hello(second.url, OTHER), 'handshake_refused');
  });

  it('is seen by another node, which asks the store once a second at most', async (t) => {
    const inner = openMemoryStore({ maxPendingDeliveries: 10 });
    let reads = 0;
    const store = {
      ...inner,
      readSourceState: (source: string) => {
        reads += 1;
        return inner.readSourceState(source);
      },
    };
    const node = await startSources(t, { sources: ASANA, store });
    await inner.keepSourceState('asana', 'x-hook-secret', SECRET, 0);
    reads = 0;
    for (let i = 0; i < 5; i++) assertProblem(await event(node.url), 'keys_unavailable');
    assert.equal(reads, 0);
    await node.clock.advance(1000);
    assert.equal((await event(node.url)).status, 202);
    assert.equal(reads, 1);
    for (let i = 0; i < 5; i++) assertProblem(await event(node.url, OTHER, `{"n":${i}}`), 'unverified');
    await node.clock.advance(1000);
    for (let i = 0; i < 5; i++) assertProblem(await event(node.url, OTHER, `{"n":${i}}`), 'unverified');
    assert.equal(reads, 2);
  });

  it('may be forgotten, and then another one may come', async (t) => {
    const { url, admin } = await startSources(t, { sources: ASANA });
    await hello(url);
    const dropped = await admin('/sources/asana/state/x-hook-secret', 'DELETE');
    assert.deepEqual([dropped.status, dropped.text], [204, '']);
    assert.deepEqual((await admin('/sources/asana/state')).json, { state: [] });
    assertProblem(await event(url), 'keys_unavailable');
    assert.equal((await hello(url, OTHER)).status, 200);
    assert.equal((await event(url, OTHER)).status, 202);
    assertProblem(await admin('/sources/asana/state/nothing', 'DELETE'), 'not_found');
    assertProblem(await admin('/sources/nobody/state'), 'not_found');
    assertProblem(await admin('/sources/nobody/state/x', 'DELETE'), 'not_found');
  });

  it('is not echoed if it could not be kept', async (t) => {
    const store = {
      ...openMemoryStore({ maxPendingDeliveries: 10 }),
      keepSourceState: () => Promise.reject(new StoreError('STORE_FULL', 'the disk is full')),
    };
    const { url } = await startSources(t, { sources: ASANA, store });
    const answer = await hello(url);
    assertProblem(answer, 'store_error');
    assert.equal(answer.header('x-hook-secret'), undefined);
    assertProblem(await event(url), 'keys_unavailable');
  });
});

describe('a token for the operator (Notion)', () => {
  it('is kept, and the log says where to look but not what it is', async (t) => {
    const token = 'secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl';
    const { url, admin, events } = await startSources(t, { sources: { notion: { provider: 'notion' } } });
    const answer = await post(`${url}/webhooks/notion`, { verification_token: token });
    assert.deepEqual([answer.status, answer.text], [200, '']);
    const { state } = (await admin('/sources/notion/state')).json as { state: Record<string, string>[] };
    assert.deepEqual([state[0]!.name, state[0]!.value], ['verification_token', token]);
    const lines: string[] = [];
    const clock = createFakeClock();
    const destination = { write: (line: string) => void lines.push(line) };
    const tell = createLogSubscriber(createLog({ level: 'debug', format: 'json', destination, clock }), {
      clock,
    });
    for (const told of events) tell(told);
    const text = lines.join('');
    assert.ok(text.includes('webhook-receiver source-state notion'));
    assert.ok(!text.includes(token));
    const body = '{"id":"1","type":"page.created"}';
    const signed = await postSigned(`${url}/webhooks/notion`, { provider: 'notion', secret: token, body });
    assert.match(String(signed.status), /^2/);
  });
});

describe('a subscription that is to be confirmed (SNS)', () => {
  const TOPIC = 'arn:aws:sns:us-east-1:123456789012:MyTopic';
  const HOST = 'https://sns.us-east-1.amazonaws.com';
  const CONFIRM = `${HOST}/?Action=ConfirmSubscription&Token=2336412f`;
  const CERTIFICATE = `${HOST}/SimpleNotificationService-0123456789abcdef.pem`;
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const certs = { [CERTIFICATE]: selfSigned('sns.amazonaws.com', pair) };
  const SOURCES = { sns: { provider: 'aws-sns', params: { topicArn: TOPIC } } } as const;

  /** A message as SNS makes it: with the fields of its type signed, in their order. */
  const message = (type: string, more: Readonly<Record<string, string>> = {}): Record<string, string> => {
    const value: Record<string, string> = {
      Type: type,
      MessageId: `m-${type}`,
      TopicArn: TOPIC,
      Message: 'You have chosen to subscribe.',
      Timestamp: '2025-10-09T08:53:20.000Z',
      ...(type === 'Notification' ? {} : { Token: '2336412f', SubscribeURL: CONFIRM }),
      ...more,
    };
    const text = Object.keys(value)
      .toSorted()
      .map((name) => `${name}\n${value[name]}\n`)
      .join('');
    const Signature = sign('sha256', Buffer.from(text), pair.privateKey).toString('base64');
    return { ...value, SignatureVersion: '2', Signature, SigningCertURL: CERTIFICATE };
  };
  const postMessage = (url: string, value: Readonly<Record<string, string>>) =>
    post(`${url}/webhooks/sns`, value, { 'content-type': 'text/plain; charset=UTF-8' });

  const start = async (t: Parameters<typeof startSources>[0], more: Partial<SourcesOptions> = {}) => {
    const called: string[] = [];
    const fetchStatus = async (url: string) => {
      called.push(url);
      return 200;
    };
    const started = await startSources(t, { sources: SOURCES, keys: { certs }, fetchStatus, ...more });
    const subscription = async () => {
      const [entry] = await started.store.readSourceState('sns');
      return entry === undefined ? null : (JSON.parse(entry.value) as Record<string, unknown>);
    };
    return { ...started, called, subscription };
  };

  it('is pending in the store before the answer, called, and then confirmed', async (t) => {
    const gate = Promise.withResolvers<number>();
    const called: string[] = [];
    const { url, clock, subscription, events } = await start(t, {
      fetchStatus: (target) => {
        called.push(target);
        return gate.promise;
      },
    });
    const answer = await postMessage(url, message('SubscriptionConfirmation'));
    assert.deepEqual([answer.status, answer.text], [200, '']);
    assert.equal((await subscription())?.status, 'pending');
    assert.deepEqual(called, [CONFIRM]);
    gate.resolve(200);
    await clock.advance(0);
    assert.equal((await subscription())?.status, 'confirmed');
    assert.ok(events.some(({ type }) => type === 'subscription.confirmed'));
  });

  it('goes on after a restart', async (t) => {
    const store = openMemoryStore({ maxPendingDeliveries: 10 });
    const first = await start(t, { store, fetchStatus: async () => 500 });
    await postMessage(first.url, message('SubscriptionConfirmation'));
    await first.close();
    const second = await start(t, { store });
    await second.clock.advance(0);
    assert.deepEqual(second.called, [CONFIRM]);
    assert.equal((await second.subscription())?.status, 'confirmed');
  });

  it('is not confirmed for another topic, another host or a wrong signature', async (t) => {
    const { url, called, subscription } = await start(t);
    const confirmation = message('SubscriptionConfirmation');
    const topic = message('SubscriptionConfirmation', { TopicArn: `${TOPIC}2` });
    assertProblem(await postMessage(url, topic), 'unverified');
    assertProblem(await postMessage(url, { ...confirmation, Token: 'another' }), 'unverified');
    const elsewhere = message('SubscriptionConfirmation', { SubscribeURL: 'https://evil.example/?x=1' });
    assertProblem(await postMessage(url, elsewhere), 'handshake_refused');
    assert.deepEqual(called, []);
    assert.equal(await subscription(), null);
  });

  it('is confirmed by verifying anew what was rejected for the topic, and is no event', async (t) => {
    const store = openMemoryStore({ maxPendingDeliveries: 10 });
    const sources = { sns: { provider: 'aws-sns', params: { topicArn: `${TOPIC}-old` } } } as const;
    const before = await start(t, { store, sources });
    assertProblem(await postMessage(before.url, message('SubscriptionConfirmation')), 'unverified');
    const after = await start(t, { store });
    const [{ id }] = (await after.admin('/rejected')).json.rejected as [{ id: string }];
    const { json } = await after.admin(`/rejected/${id}/reverify`, 'POST');
    assert.equal(json.outcome, 'handshake');
    await after.clock.advance(0);
    assert.deepEqual(after.called, [CONFIRM]);
    assert.equal((await after.subscription())?.status, 'confirmed');
    assert.equal((await store.stats()).events, 0);
    assertProblem(await after.admin(`/rejected/${id}`), 'not_found');
  });

  it('does not answer 200 before it is durable', async (t) => {
    const store = {
      ...openMemoryStore({ maxPendingDeliveries: 10 }),
      replaceSourceState: () => Promise.reject(new StoreError('STORE_FULL', 'the disk is full')),
    };
    const { url, called } = await start(t, { store });
    assertProblem(await postMessage(url, message('SubscriptionConfirmation')), 'store_error');
    assert.deepEqual(called, []);
  });

  it('stores notifications and the end of a subscription, and calls nobody for them', async (t) => {
    const { url, called, stored } = await start(t);
    for (const type of ['Notification', 'UnsubscribeConfirmation']) {
      assert.match(String((await postMessage(url, message(type))).status), /^2/);
      assert.equal((await stored('sns', `m-${type}`))?.eventType, type);
    }
    assert.deepEqual(called, []);
  });
});
