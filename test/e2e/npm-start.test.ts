import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { tempDir } from '../../testkit/temp-dir.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

it('SIGTERM to `npm start` stops the receiver, and npm waits for it', async (t) => {
  const npm = spawn('npm', ['start'], {
    cwd: ROOT,
    env: {
      ...process.env,
      DB_PATH: join(await tempDir(t), 'events.db'),
      HOST: '127.0.0.1',
      PORT: '0',
    },
    // A group of its own: whatever is left of it can be ended with it.
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => endGroup(npm.pid!));
  const lines: string[] = [];
  const listening = Promise.withResolvers<string>();
  const closed = once(npm, 'close');
  createInterface({ input: npm.stdout! }).on('line', (line) => {
    lines.push(line);
    const url = /listening on (http:[^"\s]+)/.exec(line)?.[1];
    if (url !== undefined) listening.resolve(url);
  });
  void closed.then(() => listening.reject(new Error(`npm start ended: ${lines.join('\n')}`)));
  const url = await listening.promise;
  assert.equal((await fetch(`${url}/health`)).status, 200);

  npm.kill('SIGTERM');
  // The end of its output: the receiver, which holds the other end, is gone, too.
  await closed;
  await assert.rejects(fetch(`${url}/health`));
  assert.match(lines.join('\n'), /stopped/);
});

function endGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
