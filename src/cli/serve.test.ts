import assert from 'node:assert/strict';
import { it } from 'node:test';
import { receiverFolder } from '../../testkit/receiver-process.ts';

it('drains and ends with status 0 when its terminal is closed', async (t) => {
  const receiver = await (await receiverFolder(t)).start();
  receiver.kill('SIGHUP');
  const { code, stdout } = await receiver.exit();
  assert.equal(code, 0);
  assert.match(stdout, /"msg":"stopped"/);
});
