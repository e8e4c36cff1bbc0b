import assert from 'node:assert/strict';
import { it } from 'node:test';
import { runOnReceiver } from '../../testkit/run-on-receiver.ts';
import { addAlertsCommand } from './alerts.ts';

const ALERT = {
  ...{ id: 'held~crm~1', state: 'on', message: 'Destination crm\u001b[31m', acked_by: null },
  ...{ since: '2026-11-01T10:00:00.000Z', over_at: null },
};

it('lists alerts', async (t) => {
  const { asked, output } = await runOnReceiver(t, addAlertsCommand, ['alerts'], () => ({ alerts: [ALERT] }));
  assert.equal(asked[0]!.url, '/admin/alerts');
  assert.match(output.split('\n')[1]!, /^held~crm~1 +on +2026-11-01T10:00:00\.000Z +- +- +Destination crm/);
  assert.ok(!output.includes('\u001b'));
});

it('acknowledges one', async (t) => {
  const args = ['alerts', 'ack', 'held~crm~1'];
  const { asked, output } = await runOnReceiver(t, addAlertsCommand, args, () => ({
    ...ALERT,
    acked_by: 'ann',
  }));
  assert.deepEqual([asked[0]!.method, asked[0]!.url], ['POST', '/admin/alerts/held~crm~1/ack']);
  assert.match(output, / ann /);
});

it('sends a test, and says when nobody gets it', async (t) => {
  const run = (destinations: readonly string[]) =>
    runOnReceiver(t, addAlertsCommand, ['alerts', 'test'], () => ({ destinations }));
  assert.equal((await run(['pager'])).output, 'sent to pager\n');
  assert.match((await run([])).output, /none names _alerts/);
});
