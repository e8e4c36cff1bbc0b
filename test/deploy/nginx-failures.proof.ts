import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemReply } from '../../src/http/problem.ts';
import { skipWithout } from '../../testkit/on-path.ts';
import { connectRaw, rawPost } from '../../testkit/raw-http.ts';
import {
  createInbox,
  type FakeReceiver,
  refuseShuttingDown,
  startFakeReceiver,
} from './support/fake-receiver.ts';
import { startNginx } from './support/nginx.ts';
import { assertProblem, setUp } from './support/nginx-pair.ts';
import { anEvent, type Sent, send } from './support/send.ts';

const skip = skipWithout('nginx');

test('events are shared out, and connections to the receivers kept', { skip }, async (t) => {
  const { first, second, nginx } = await setUp(t);
  for (let i = 0; i < 40; i++) assert.equal((await send(nginx.url, anEvent(`k${i}`))).status, 202);
  assert.ok(first.requests.length >= 10 && second.requests.length >= 10);
  // Each of nginx's processes has connections of its own.
  assert.ok(first.connections() + second.connections() < 20);
});

test('a receiver is asked only once the whole body is there', { skip }, async (t) => {
  const { nginx, first, second } = await setUp(t);
  const bytes = rawPost(anEvent('slow'));
  using connection = await connectRaw(nginx.port);
  connection.send(bytes.subarray(0, bytes.length - 1));
  // A second client is served from beginning to end meanwhile.
  assert.equal((await send(nginx.url, anEvent('quick'))).status, 202);
  assert.equal(first.heads() + second.heads(), 1);
  connection.send(bytes.subarray(bytes.length - 1));
  assert.equal((await connection.answer())?.status, 202);
});

test("the receiver's refusals pass as they are", { skip }, async (t) => {
  for (const code of ['invalid', 'queue_full', 'store_error', 'internal', 'unknown_source'] as const) {
    const problem = problemReply(code, 'as it was said');
    const inbox = createInbox();
    const answer = (response: import('node:http').ServerResponse) =>
      void response.writeHead(problem.status, problem.headers).end(problem.body);
    const first = await startFakeReceiver(t, inbox, { answer });
    const second = await startFakeReceiver(t, inbox, { answer });
    const nginx = await startNginx(t, { receivers: [first.port, second.port] });
    const got = await send(nginx.url, anEvent('k'));
    assert.equal(got.status, problem.status);
    assert.equal(got.text, problem.body);
    assert.equal(got.headers['retry-after'], problem.headers['retry-after']);
    assert.equal(got.headers['content-type'], problem.headers['content-type']);
    const asked = first.requests.length + second.requests.length;
    assert.equal(asked, problem.status === 503 ? 2 : 1, `${code}: only 503 is asked of the other`);
  }
});

test('a receiver that dies between commit and answer costs nothing, and nothing is doubled', {
  skip,
}, async (t) => {
  const inbox = createInbox();
  const mortal = await startFakeReceiver(t, inbox, { afterCommit: (node) => node.kill() });
  const other = await startFakeReceiver(t, inbox);
  const nginx = await startNginx(t, { receivers: [mortal.port, other.port] });
  const answers: Sent[] = [];
  for (let i = 0; i < 4; i++) answers.push(await send(nginx.url, anEvent(`k${i}`)));
  const statuses = answers.map(({ status }) => status);
  assert.equal(mortal.requests.length, 1);
  assert.equal(statuses.filter((status) => status === 200).length, 1, 'the other knew it already');
  assert.equal(statuses.filter((status) => status === 202).length, 3);
  assert.equal(inbox.stored.size, 4);
});

test('a receiver killed under load: every event is acknowledged and stored once', { skip }, async (t) => {
  const EVENTS = 600;
  const KILLED_AFTER = 150;
  const inbox = createInbox();
  const dieWhenDue = (node: FakeReceiver) => {
    if (node.requests.length === KILLED_AFTER) node.kill();
  };
  const mortal = await startFakeReceiver(t, inbox, { afterCommit: dieWhenDue });
  const other = await startFakeReceiver(t, inbox);
  const nginx = await startNginx(t, { receivers: [mortal.port, other.port] });

  const acks = new Map<string, number>();
  let next = 0;
  const sendOn = async () => {
    while (next < EVENTS) {
      const key = `k${next++}`;
      acks.set(key, (await send(nginx.url, anEvent(key))).status);
    }
  };
  await Promise.all(Array.from({ length: 16 }, sendOn));

  assert.ok(mortal.requests.length >= KILLED_AFTER);
  assert.deepEqual(
    [...acks].filter(([, status]) => status !== 202 && status !== 200),
    [],
  );
  assert.equal(inbox.stored.size, EVENTS);
  const asked = mortal.requests.length + other.requests.length;
  const repeated = [...acks.values()].filter((status) => status === 200).length;
  assert.ok(repeated <= 16, 'no more than were under way');
  assert.ok(asked - EVENTS <= 16);
});

test('what a stopping receiver turns away goes to the other one', { skip }, async (t) => {
  const inbox = createInbox();
  const stopping = await startFakeReceiver(t, inbox, { answer: refuseShuttingDown });
  const other = await startFakeReceiver(t, inbox);
  const nginx = await startNginx(t, { receivers: [stopping.port, other.port] });
  for (let i = 0; i < 10; i++) assert.equal((await send(nginx.url, anEvent(`k${i}`))).status, 202);
  assert.ok(stopping.requests.length >= 1);
  assert.ok(stopping.requests.length <= 3, 'three failures take it out for a while');
});

test('without any receiver it is 503 with a wait, never a 2xx', { skip }, async (t) => {
  const { nginx, first, second, inbox } = await setUp(t);
  first.kill();
  second.kill();
  for (let i = 0; i < 5; i++) {
    const answer = await send(nginx.url, anEvent(`k${i}`));
    assertProblem(answer, 'unavailable', 503);
    assert.match(String(answer.headers['retry-after']), /^[1-9]\d*$/);
  }
  assert.equal(inbox.stored.size, 0);
});

test('a receiver that is slow is not asked a second time, and the sender is told to come again', {
  skip,
}, async (t) => {
  const inbox = createInbox();
  const first = await startFakeReceiver(t, inbox, { answer: () => {} });
  const second = await startFakeReceiver(t, inbox, { answer: () => {} });
  const directives = { proxy_read_timeout: '300ms', proxy_next_upstream_timeout: '100ms' };
  const nginx = await startNginx(t, { receivers: [first.port, second.port], directives });
  assertProblem(await send(nginx.url, anEvent('k')), 'unavailable', 503);
  assert.equal(first.requests.length + second.requests.length, 1);
});
