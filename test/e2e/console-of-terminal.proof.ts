import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { tempDir } from '../../testkit/temp-dir.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LINK = /http:\/\/127\.0\.0\.1:\d+\/console\/enter\?code=[\w-]+/;

/** Runs the program under `script`, which gives it a terminal, or with pipes. */
async function run(t: TestContext, isOnTerminal: boolean, env: Readonly<Record<string, string>> = {}) {
  const program = 'echo "pid $$"; exec node bin/webhook-receiver.js serve';
  const [command, args] = isOnTerminal
    ? ['script', ['-qfec', program, '/dev/null'] as const]
    : ['sh', ['-c', program] as const];
  const child = spawn(command, args, {
    cwd: ROOT,
    env: {
      ...process.env,
      ADMIN_TOKEN: '',
      DB_PATH: join(await tempDir(t), 'events.db'),
      HOST: '0.0.0.0',
      PORT: '0',
      ...env,
    },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let printed = '';
  t.after(async () => {
    const closed = child.exitCode === null ? once(child, 'close') : null;
    // `script` gives it a session of its own, and a terminal that goes away does not end it.
    process.kill(Number(/pid (\d+)/.exec(printed)![1]), 'SIGKILL');
    await closed;
  });
  const listening = Promise.withResolvers<void>();
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on('data', (bytes: Buffer) => {
      printed += bytes.toString();
      if (/listening on/.test(printed) && (!isOnTerminal || LINK.test(printed) || 'ADMIN_TOKEN' in env))
        listening.resolve();
    });
  }
  child.on('close', () => listening.reject(new Error(`it ended: ${printed}`)));
  await listening.promise;
  return () => printed;
}

it('on a terminal without a token a link opens the console of this run, once', async (t) => {
  const printed = await run(t, true);
  const [link] = LINK.exec(printed())!;
  const { origin } = new URL(link);
  const opened = await fetch(link, { redirect: 'manual' });
  assert.equal(opened.status, 303);
  assert.equal(opened.headers.get('location'), '/console/enter');
  const [code] = opened.headers.getSetCookie()[0]!.split(';');
  const redeem = () =>
    fetch(`${origin}/console/enter`, {
      method: 'POST',
      headers: { cookie: code!, 'sec-fetch-site': 'same-origin' },
      redirect: 'manual',
    });
  const entered = await redeem();
  assert.equal(entered.headers.get('location'), '/console');
  const session = entered.headers
    .getSetCookie()
    .find((cookie) => cookie.startsWith('console-session'))!
    .split(';')[0]!;
  const page = await fetch(`${origin}/console`, { headers: { cookie: session } });
  assert.match(await page.text(), /Is anything wrong\?/);
  assert.equal((await redeem()).status, 401);

  const elsewhere = await fetch(`${origin}/admin/events`, { headers: { cookie: session } });
  assert.equal(elsewhere.status, 404);
});

it('its listener answers to no other host', async (t) => {
  const printed = await run(t, true);
  const { port } = new URL(LINK.exec(printed())![0]);
  const { request } = await import('node:http');
  const sent = request({
    port,
    host: '127.0.0.1',
    path: '/console',
    headers: { host: 'evil.example' },
  }).end();
  const [response] = await once(sent, 'response');
  assert.equal(response.statusCode, 403);
  response.resume();
});

it('there is none where nobody looks, and none where a token is set', async (t) => {
  const piped = await run(t, false);
  assert.doesNotMatch(piped(), /console/);
  const withToken = await run(t, true, { ADMIN_TOKEN: 'a-token-of-the-terminal-test' });
  assert.doesNotMatch(withToken(), LINK);
  assert.match(withToken(), /\/console/);
});
