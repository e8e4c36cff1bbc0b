import assert from 'node:assert/strict';
import { it } from 'node:test';
import { runOnReceiver } from '../../testkit/run-on-receiver.ts';
import { addSendTestCommand } from './send-test.ts';

const SENT = { event_id: 'e-1', destination: 'crm', event_type: 'push\u001b[31m' };

it('sends a test as a source, or of a destination alone', async (t) => {
  const run = (...args: string[]) => runOnReceiver(t, addSendTestCommand, ['send-test', ...args], () => SENT);
  const ofSource = await run('--source', 'a/b', '--destination', 'crm');
  assert.deepEqual(
    [ofSource.asked[0]!.method, ofSource.asked[0]!.url],
    ['POST', '/admin/sources/a%2Fb/test'],
  );
  assert.match(ofSource.output, /^sent push.* as e-1 to crm\n/);
  assert.ok(!ofSource.output.includes('\u001b'));
  const ofDestination = await run('--destination', 'crm', '--json');
  assert.equal(ofDestination.asked[0]!.url, '/admin/destinations/crm/test');
  assert.deepEqual(JSON.parse(ofDestination.output), SENT);
});
