import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, it } from 'node:test';
import { type ReceiverProcess, receiverFolder } from './receiver-process.ts';

describe('receiverFolder', () => {
  it('ends its processes and removes the folder when the test is over', async () => {
    const cleanups: (() => Promise<void>)[] = [];
    const folder = await receiverFolder({ after: (clean) => void cleanups.push(clean) });
    const receiver: ReceiverProcess = await folder.start();
    assert.equal((await fetch(`${receiver.url}/health`)).status, 200);

    for (const clean of cleanups) await clean();

    assert.equal((await receiver.exit()).signal, 'SIGKILL');
    assert.equal(existsSync(folder.path), false);
  });

  it('tells what a process printed that ended instead of starting', async (t) => {
    const folder = await receiverFolder(t, { env: { WORKER_COUNT: 'none' } });
    await assert.rejects(folder.start(), /ended without the line: status 1\n.*\n.*WORKER_COUNT: got "none"/);
  });
});
