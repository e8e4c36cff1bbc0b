import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { it } from 'node:test';
import { childrenOf } from '../../testkit/children-of.ts';
import { eventually } from '../../testkit/eventually.ts';
import { findOnPath, skipWithout } from '../../testkit/on-path.ts';
import { PROGRAM } from '../../testkit/receiver-process.ts';
import { tempDir } from '../../testkit/temp-dir.ts';

it('on a terminal, which sends SIGHUP when it is closed, the receiver drains and ends with status 0', {
  skip: skipWithout('script'),
}, async (t) => {
  const cwd = await tempDir(t);
  const command = `exec ${process.execPath} --conditions=source ${PROGRAM} serve`;
  const env = { PATH: process.env.PATH!, DB_PATH: `${cwd}/events.db`, PORT: '0', HOST: '127.0.0.1' };
  const terminal = spawn(findOnPath('script')!, ['-qefc', command, '/dev/null'], { cwd, env });
  const ended = once(terminal, 'close');
  t.after(() => void terminal.kill('SIGKILL'));
  let shown = '';
  terminal.stdout.on('data', (text) => {
    shown += text;
  });
  await eventually(
    'the receiver listens',
    () => /listening on/.test(shown),
    () => shown.length,
  );
  const [receiver] = await childrenOf(terminal.pid!);
  process.kill(receiver!, 'SIGHUP');
  assert.deepEqual(await ended, [0, null]);
  assert.match(shown, /"msg":"stopped"/);
});
