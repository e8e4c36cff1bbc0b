import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { before, describe, it } from 'node:test';
import { eventually } from '../../testkit/eventually.ts';
import { startReceiver, suiteCleanup, type TestReceiver } from '../../testkit/receiver.ts';
import { assertProblem, envelope, post, request } from './support.ts';

const TOKEN = 'correct-horse-battery-staple';

describe('alerts', () => {
  let receiver: TestReceiver;
  const paged: Record<string, unknown>[] = [];
  const slack: string[] = [];
  const others: string[] = [];
  const suite = suiteCleanup();
  before(async () => {
    const server = createServer(async (incoming, response) => {
      slack.push(Buffer.concat(await incoming.toArray()).toString());
      response.end('ok');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    suite.after(async () => void server.close());
    receiver = await startReceiver(suite, {
      env: { ADMIN_TOKEN: TOKEN, PUBLIC_URL: 'https://hooks.example' },
      sources: {
        default: {},
        shop: { expect: { every: '6h', hours: '09:00-18:00', zone: 'Europe/Berlin' } },
      },
      destinations: {
        pager: {
          sources: ['_alerts'],
          handler: (event) => void paged.push(event.payload as (typeof paged)[0]),
        },
        chat: {
          sources: ['_alerts'],
          url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
          format: 'slack',
        },
        all: { handler: (event) => void others.push(event.source) },
      },
    });
  });
  const ask = (path: string, method = 'GET') =>
    request(`${receiver.url}/admin/alerts${path}`, { method, headers: { authorization: `Bearer ${TOKEN}` } });

  it('go to the destinations that name them, and to no glob', async () => {
    const tested = await ask('/test', 'POST');
    assert.deepEqual([tested.status, tested.json], [202, { destinations: ['pager', 'chat'] }]);
    await post(`${receiver.url}/webhooks`, envelope());
    await eventually('all of them have one', async () =>
      [paged, slack, others].every(({ length }) => length > 0),
    );
    assert.deepEqual(others, ['default']);
    const { type, message, url, command } = paged[0]!;
    assert.deepEqual(
      [type, message, url, command],
      [
        'alert.test',
        'This is a test. Alerts arrive here.',
        'https://hooks.example/console',
        'webhook-receiver alerts list',
      ],
    );
    assert.deepEqual(JSON.parse(slack[0]!), {
      text: [message, `<${url}|Open the console>`, `\`${command}\``].join('\n'),
    });
  });

  it('all come to a destination that was down, once each', async (t) => {
    const taken: string[] = [];
    let refused = 0;
    const server = createServer(async (incoming, response) => {
      await incoming.toArray();
      if (refused < 6) {
        refused += 1;
        return void response.writeHead(503).end();
      }
      taken.push(String(incoming.headers['webhook-event-id']));
      response.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const retry = { maxAttempts: 20, baseDelaySeconds: 0.01, maxDelaySeconds: 0.05 };
    const { url: own } = await startReceiver(t, {
      env: { ADMIN_TOKEN: TOKEN },
      destinations: { pager: { sources: ['_alerts'], url, retry, breaker: false } },
    });
    const headers = { authorization: `Bearer ${TOKEN}` };
    for (let at = 0; at < 3; at += 1) {
      await request(`${own}/admin/alerts/test`, { method: 'POST', headers });
    }
    await eventually('all three are taken', async () => taken.length >= 3);
    assert.deepEqual([taken.length, new Set(taken).size, refused], [3, 3, 6]);
  });

  it('cannot be posted', async () => {
    assertProblem(await post(`${receiver.url}/webhooks/_alerts`, envelope()), 'unknown_source');
  });

  it('are listed, and acknowledged by their ids', async () => {
    assert.deepEqual((await ask('')).json, { alerts: [] });
    assertProblem(await ask('/held~crm~1/ack', 'POST'), 'not_found');
  });
});
