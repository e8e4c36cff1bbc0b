import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { it } from 'node:test';
import { startReceiver } from '../../testkit/receiver.ts';
import { PROGRAM, receiverFolder } from '../../testkit/receiver-process.ts';
import { envelope, post, statusOf } from '../api/support.ts';

const TOKEN = 'hunter2-hunter2-hunter2';

class PermanentError extends Error {
  code = 'HANDLER_PERMANENT';
}

it('a bulk operation goes on when its command is left, and is come back to', async (t) => {
  let isDown = true;
  const handler = () => {
    if (isDown) throw new PermanentError('down');
  };
  const receiver = await startReceiver(t, {
    env: { ADMIN_TOKEN: TOKEN },
    destinations: { crm: { handler } },
  });
  for (let n = 0; n < 3; n++) {
    const { json } = await post(`${receiver.url}/webhooks`, envelope());
    await statusOf(receiver.url, json.id, 'failed');
  }
  isDown = false;
  const folder = await receiverFolder(t);
  const env = { PORT: String(receiver.port), ADMIN_TOKEN: TOKEN };
  const args = ['bulk', 'replay', 'status:failed', '--yes', '--expect', '3', '--rate', '2/s'];
  const child = spawn(process.execPath, ['--conditions=source', PROGRAM, ...args], { env, cwd: folder.path });
  const ended = once(child, 'exit');
  let id: string | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    id = /^it runs; .* bulk show (\S+)$/.exec(line)?.[1];
    if (id === undefined) continue;
    child.kill('SIGINT');
    break;
  }
  assert.deepEqual(await ended, [null, 'SIGINT']);
  const { code, stdout } = await folder.run(env, { args: ['bulk', 'show', id!] });
  assert.equal(code, 0);
  assert.match(stdout, /^replay: 3 targets at 2\/s\nfilter: status:failed\n/);
  assert.match(stdout, /completed: 3 of 3 done$/);
});
