import assert from 'node:assert/strict';
import { it } from 'node:test';
import { runOnReceiver } from '../../testkit/run-on-receiver.ts';
import { addConfigCommand } from './config.ts';

it('prints the configuration of the running receiver', async (t) => {
  const answer = () => ({ config: { workerCount: 7 } });
  const { asked, output } = await runOnReceiver(t, addConfigCommand, ['config', '--running'], answer);
  assert.deepEqual([asked[0]!.method, asked[0]!.url], ['GET', '/admin/config']);
  assert.deepEqual(JSON.parse(output), { workerCount: 7 });
});
