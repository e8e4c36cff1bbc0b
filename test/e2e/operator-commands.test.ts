import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { receiverFolder } from '../../testkit/receiver-process.ts';
import { type Answer, fakeAdmin } from './support/fake-admin.ts';
import { assertRefusal } from './support/refusal.ts';

const TOKEN = 'hunter2-hunter2-hunter2';

const summary = (id: string) => ({
  ...{ id, source: 'stripe', reason: 'wrong_signature', detail: 'No signature fits.', method: 'POST' },
  ...{ url: '/webhooks/stripe', content_type: 'application/json', body_bytes: 12 },
  received_at: '2026-11-23T13:13:04.929Z',
});

type Context = Parameters<typeof receiverFolder>[0];

/** Runs a command against a receiver that answers so. */
async function run(t: Context, answers: Readonly<Record<string, Answer>>, args: readonly string[], env = {}) {
  const admin = await fakeAdmin(t, answers);
  const folder = await receiverFolder(t);
  const exit = await folder.run({ PORT: admin.port, ADMIN_TOKEN: TOKEN, ...env }, { args });
  return { ...exit, admin };
}

describe('webhook-receiver rejected', () => {
  it('lists a page as a table', async (t) => {
    const page = { rejected: [summary('id-2'), summary('id-1')], next: '7' };
    const query = 'limit=2&source=stripe&cursor=9';
    const { code, stdout, admin } = await run(t, { [`GET /admin/rejected?${query}`]: [200, page] }, [
      ...['rejected', 'list', '--source', 'stripe', '--limit', '2', '--cursor', '9'],
    ]);
    assert.equal(code, 0);
    const [head, first] = stdout.split('\n');
    assert.match(head!, /^ID +RECEIVED +SOURCE +REASON +BODY +DETAIL$/);
    assert.match(first!, /^id-2 +2026-11-23T\S+ +stripe +wrong_signature +12 B +No signature fits\.$/);
    assert.match(stdout, /more: --cursor 7$/);
    assert.equal(admin.last().headers.authorization, `Bearer ${TOKEN}`);
  });

  it('shows one as JSON', async (t) => {
    const one = { ...summary('id-1'), headers: [['X-A', '1']], body_base64: 'e30=', body: '{}' };
    const { code, stdout } = await run(t, { 'GET /admin/rejected/id-1': [200, one] }, [
      'rejected',
      'show',
      'id-1',
    ]);
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), one);
  });

  it('verifies all of a source anew, oldest first, over all pages', async (t) => {
    const answers: Record<string, Answer> = {
      'GET /admin/rejected?limit=500&source=stripe': [
        200,
        { rejected: [summary('d'), summary('c'), summary('b')], next: '2' },
      ],
      'GET /admin/rejected?limit=500&source=stripe&cursor=2': [200, { rejected: [summary('a')], next: null }],
      'POST /admin/rejected/a/reverify': [200, { outcome: 'accepted' }],
      'POST /admin/rejected/b/reverify': [200, { outcome: 'duplicate' }],
      'POST /admin/rejected/c/reverify': [200, { outcome: 'rejected', detail: 'No signature fits.' }],
      'POST /admin/rejected/d/reverify': [429, { code: 'queue_full', detail: 'Full.' }],
    };
    const { code, stdout, admin } = await run(t, answers, ['rejected', 'reverify', '--source', 'stripe']);
    assert.deepEqual(stdout.split('\n'), [
      'a  accepted',
      'b  duplicate',
      'c  rejected: No signature fits.',
      'd  queue_full: Full.',
      '4 in all: 1 accepted, 1 duplicate, 1 rejected, 1 queue_full',
    ]);
    assert.equal(code, 1);
    assert.equal(admin.asked.length, 6);
  });

  it('ends with status 0 when all were taken', async (t) => {
    const answers: Record<string, Answer> = {
      'GET /admin/rejected?limit=500': [200, { rejected: [summary('h')], next: null }],
      'POST /admin/rejected/h/reverify': [200, { outcome: 'handshake', handshake: 'ping' }],
      'POST /admin/rejected/a/reverify': [200, { outcome: 'accepted' }],
    };
    assert.equal((await run(t, answers, ['rejected', 'reverify', '--all'])).code, 0);
    const { code, stdout } = await run(t, answers, ['rejected', 'reverify', 'a']);
    assert.equal(code, 0);
    assert.equal(stdout, 'a  accepted\n1 in all: 1 accepted');
  });

  it('wants to know which', async (t) => {
    assertRefusal(await run(t, {}, ['rejected', 'reverify']), /takes one of an id, --source and --all/);
    assertRefusal(await run(t, {}, ['rejected', 'reverify', 'a', '--all']), /takes one of/);
  });

  it('tells what the receiver says', async (t) => {
    assertRefusal(await run(t, {}, ['rejected', 'show', 'x']), /answered 404: nothing at [^(]*$/);
    const closed = [404, { code: 'not_found', detail: 'The API is described at /docs.' }] as const;
    const list = await run(t, { 'GET /admin/rejected?limit=50': closed }, ['rejected', 'list']);
    assertRefusal(list, /\(without ADMIN_TOKEN the receiver keeps its admin surface closed\)/);
    assertRefusal(await run(t, {}, ['rejected', 'list'], { ADMIN_TOKEN: '' }), /ADMIN_TOKEN is not set/);
    assertRefusal(await run(t, {}, ['rejected', 'list', '--url', 'nowhere']), /--url takes the URL/);
  });
});

describe('webhook-receiver blocked', () => {
  const blocked = {
    ...{ destination: 'ledger', order_key: 'order 7', delivery_id: 'd-1', error: 'no such account' },
    ...{ since: '2026-11-23T13:13:04.929Z', waiting: 3 },
  };

  it('lists a page as a table, or as JSON', async (t) => {
    const page = { blocked: [blocked], next: 'abc' };
    const answers: Record<string, Answer> = {
      'GET /admin/blocked-keys?limit=1&destination=ledger&cursor=x': [200, page],
      'GET /admin/blocked-keys?limit=50': [200, page],
    };
    const { code, stdout } = await run(t, answers, [
      ...['blocked', 'list', '--destination', 'ledger', '--limit', '1', '--cursor', 'x'],
    ]);
    assert.equal(code, 0);
    const [head, first] = stdout.split('\n');
    assert.match(head!, /^DESTINATION +KEY +SINCE +WAITING +DELIVERY +ERROR$/);
    assert.match(first!, /^ledger +"order 7" +2026-11-23T\S+ +3 +d-1 +no such account$/);
    assert.match(stdout, /more: --cursor abc$/);
    const printed = await run(t, answers, ['blocked', 'list', '--json']);
    assert.deepEqual(JSON.parse(printed.stdout), page);
  });

  it('says when there is none', async (t) => {
    const none: Record<string, Answer> = {
      'GET /admin/blocked-keys?limit=50': [200, { blocked: [], next: null }],
    };
    assert.equal((await run(t, none, ['blocked', 'list'])).stdout, 'no key is blocked');
  });

  it('releases a key, and says who is next', async (t) => {
    const released = { destination: 'ledger', order_key: 'order 7', delivery_id: 'd-1' };
    const path = 'POST /admin/blocked-keys/release?destination=ledger&order_key=order+7';
    const args = ['blocked', 'release', 'ledger', 'order 7'];
    const next = await run(t, { [path]: [200, { ...released, next_delivery_id: 'd-2' }] }, args);
    assert.equal(next.stdout, 'released; d-1 stays a dead letter, d-2 is next');
    const last = await run(t, { [path]: [200, { ...released, next_delivery_id: null }] }, args);
    assert.equal(last.stdout, 'released; d-1 stays a dead letter, no delivery waited behind it');
    assertRefusal(await run(t, {}, args), /answered 404/);
  });
});

describe('webhook-receiver source-state', () => {
  const state = [
    { name: 'verification_token', value: 'secret_shown', updated_at: '2026-11-23T13:13:04.929Z' },
    { name: 'x-hook-secret', value: 'hunter2', updated_at: '2026-11-23T13:13:04.929Z' },
  ];
  const answers: Record<string, Answer> = { 'GET /admin/sources/a.b/state': [200, { source: 'a.b', state }] };

  it('shows what is to be pasted, and hides secrets', async (t) => {
    const { code, stdout } = await run(t, answers, ['source-state', 'a.b']);
    assert.equal(code, 0);
    assert.match(stdout, /verification_token .* secret_shown/);
    assert.match(stdout, /x-hook-secret .* \(redacted\)/);
    assert.doesNotMatch(stdout, /hunter2/);
  });

  it('shows secrets when asked', async (t) => {
    const { stdout } = await run(t, answers, ['source-state', 'a.b', '--reveal']);
    assert.match(stdout, /x-hook-secret .* hunter2/);
  });

  it('forgets an entry', async (t) => {
    const path = 'DELETE /admin/sources/asana/state/x-hook-secret';
    const { code, stdout, admin } = await run(t, { [path]: [204, null] }, [
      ...['source-state', 'asana', '--reset', 'x-hook-secret'],
    ]);
    assert.equal(code, 0);
    assert.equal(stdout, 'x-hook-secret is deleted');
    assert.deepEqual(admin.asked, [path]);
  });

  it('says when there is nothing', async (t) => {
    const none: Record<string, Answer> = { 'GET /admin/sources/s/state': [200, { state: [] }] };
    assert.equal(
      (await run(t, none, ['source-state', 's'])).stdout,
      'no handshake has stored anything for s',
    );
  });
});
