import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { describe, it } from 'node:test';
import { startReceiver } from '../../testkit/receiver.ts';
import { receiverFolder } from '../../testkit/receiver-process.ts';
import { envelope, post, statusOf } from '../api/support.ts';
import { assertRefusal } from './support/refusal.ts';

const TOKEN = 'hunter2-hunter2-hunter2';
const PROGRAM = path.join(import.meta.dirname, '../../bin/webhook-receiver.js');

type Context = Parameters<typeof receiverFolder>[0];

/** A receiver with three events, and a way to run a command against it. */
async function withEvents(t: Context) {
  const receiver = await startReceiver(t, { env: { ADMIN_TOKEN: TOKEN } });
  const folder = await receiverFolder(t);
  const env = { PORT: String(receiver.port), ADMIN_TOKEN: TOKEN };
  const accept = async (type: string) => {
    const { json } = await post(`${receiver.url}/webhooks`, envelope({ event_type: type }));
    await statusOf(receiver.url, json.id, 'completed');
    return json as { id: string; idempotency_key: string };
  };
  const events = [await accept('a'), await accept('b'), await accept('a')];
  return { env, accept, events, run: (...args: string[]) => folder.run(env, { args: ['events', ...args] }) };
}

describe('webhook-receiver events', () => {
  it('lists what fits, newest first, as lines or as JSON', async (t) => {
    const { events, run } = await withEvents(t);
    const { code, stdout } = await run('type:a', 'body~"event_type"');
    assert.equal(code, 0);
    const lines = stdout.split('\n').map((line) => line.split(/ {2,}/));
    assert.deepEqual(
      lines.map(([, status, id, source, type, key]) => [status, id, source, type, key]),
      [events[2]!, events[0]!].map(({ id, idempotency_key: key }) => ['completed', id, 'default', 'a', key]),
    );
    const page = JSON.parse((await run('--json', '--limit', '2')).stdout);
    assert.deepEqual(
      page.events.map(({ id }: { id: string }) => id),
      [events[2]!.id, events[1]!.id],
    );
    const more = await run('--limit', '2');
    assert.match(more.stdout, new RegExp(`more: --cursor ${page.next}$`));
    const rest = await run('--limit', '2', '--cursor', page.next);
    assert.match(rest.stdout, new RegExp(events[0]!.id));
    assert.equal((await run('type:none')).stdout, 'no event fits');
  });

  it('points at a mistake before it asks', async (t) => {
    const folder = await receiverFolder(t);
    const refused = await folder.run(
      { ADMIN_TOKEN: TOKEN, PORT: '1' },
      { args: ['events', 'type:a status:faild'] },
    );
    assertRefusal(refused, /wrong at character 15: "faild" is no status/);
    assert.match(refused.stderr, /\n {2}type:a status:faild\n {16}\^{5}$/);
  });

  it('follows what comes in', async (t) => {
    const { env, accept } = await withEvents(t);
    const child = spawn(
      process.execPath,
      ['--conditions=source', PROGRAM, 'events', '--follow', 'type:new'],
      {
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    t.after(async () => {
      child.kill();
    });
    const lines = child.stdout.setEncoding('utf8')[Symbol.asyncIterator]();
    for (let round = 0; round < 3; round++) {
      const { id } = await accept('new');
      await accept('other');
      const { value } = await lines.next();
      assert.match(value as string, new RegExp(`^\\S+  \\w+ +${id}  default  new  \\S+\n$`));
    }
  });
});
