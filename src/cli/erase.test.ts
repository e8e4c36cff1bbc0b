import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { Command } from 'commander';
import { CommandError } from './command-error.ts';
import { addEraseCommand } from './erase.ts';
import { addExportCommand } from './export.ts';

type Asked = Readonly<{ path: string; body: unknown }>;

/** Runs commands against a receiver that always answers the same. */
async function commandsFor(t: TestContext, answer: object) {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    asked.push({ path: request.url!, body: text === '' ? null : JSON.parse(text) });
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const run = async (...command: string[]): Promise<string> => {
    let printed = '';
    const { write } = process.stdout;
    // What is no text is the test runner's own.
    t.mock.method(process.stdout, 'write', (chunk: string | Uint8Array) => {
      if (typeof chunk !== 'string') return write.call(process.stdout, chunk);
      printed += chunk;
      return true;
    });
    const program = new Command();
    const env = { ADMIN_TOKEN: 'a-token-of-the-tests' };
    addEraseCommand(program, env);
    addExportCommand(program, env);
    try {
      await program.parseAsync([...command, '--url', url], { from: 'user' });
    } finally {
      t.mock.restoreAll();
    }
    return printed;
  };
  return { url, asked, run };
}

test('erase sends what names the events, and says what is left of them', async (t) => {
  const counts = { erased: 2, erased_before: 1, unknown: 0 };
  const { asked, run } = await commandsFor(t, { ...counts, traces: 'removed' });
  assert.equal(
    await run('erase', 'a', 'b'),
    '2 erased, 1 erased before; nothing is left of them in the database\n',
  );
  await run('erase', '--source', 's', '--key', 'k');
  await run('erase', '--source', 's', '--since', '1', '--until', '2', '--expect', '1840');
  assert.deepEqual(
    asked.map(({ body }) => body),
    [{ ids: ['a', 'b'] }, { source: 's', key: 'k' }, { source: 's', since: '1', until: '2', expect: 1840 }],
  );
});

test('erase ends with status 1 while a reader holds traces', async (t) => {
  const answer = {
    erased: 1,
    erased_before: 0,
    unknown: 0,
    traces: 'held',
    held_by: ['process 7 (sqlite3)'],
  };
  const { run } = await commandsFor(t, answer);
  assert.match(await run('erase', 'a'), /^1 erased; traces are left .* process 7 \(sqlite3\)/);
  const { exitCode } = process;
  process.exitCode = 0;
  assert.equal(exitCode, 1);
});

test('erase refuses what names no events, or names them twice', async (t) => {
  const { asked, run } = await commandsFor(t, {});
  for (const args of [[], ['a', '--source', 's'], ['--source', 's', '--key', 'k', '--expect', 'many']]) {
    await assert.rejects(run('erase', ...args), CommandError);
  }
  assert.deepEqual(asked, []);
});

test('export makes a command of what the receiver shows', async (t) => {
  const request = {
    method: 'POST',
    url: '/webhooks/s?a=1',
    headers: [['X-A', '1']],
    body: Buffer.from([0, 1]).toString('base64'),
    body_encoding: 'base64',
  };
  const { url, asked, run } = await commandsFor(t, request);
  const command = await run('export', 'an/id', '--curl', '--reveal');
  assert.match(command, /AAE=/);
  assert.ok(command.includes(`'${url}/webhooks/s?a=1'`), command);
  assert.match(
    await run('export', 'id', '--curl', '--to', 'https://other.example/x'),
    /'https:\/\/other\.example\/webhooks\/s\?a=1'/,
  );
  assert.deepEqual(
    asked.map(({ path }) => path),
    ['/admin/webhooks/an%2Fid?reveal=true', '/admin/webhooks/id'],
  );
  await assert.rejects(run('export', 'id', '--curl', '--to', 'nowhere'), CommandError);
});

test('export says that nothing is left of an erased event', async (t) => {
  const { run } = await commandsFor(t, {
    method: null,
    url: null,
    headers: null,
    body: null,
    body_encoding: null,
  });
  await assert.rejects(run('export', 'id', '--curl'), /is erased/);
});
