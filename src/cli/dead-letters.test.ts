import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { runOnReceiver } from '../../testkit/run-on-receiver.ts';
import { addDeadLettersCommand } from './dead-letters.ts';

const LETTER = {
  ...{ id: 'd-1', destination: 'billing', source: 'shop', event_type: 'order.paid', idempotency_key: 'k-1' },
  ...{ updated_at: '2026-11-01T10:00:00.000Z', last_error: '503\u001b[31m', superseded_by: null },
};

/** Runs the command on a receiver that answers with these pages. */
async function run(t: TestContext, args: readonly string[], pages: readonly object[]) {
  const command = ['dead-letters', ...args];
  const { asked, output } = await runOnReceiver(t, addDeadLettersCommand, command, (before) => pages[before]);
  return { asked: asked.map(({ url }) => url), output };
}

it('prints a table with what an operator looks for', async (t) => {
  const { asked, output } = await run(t, ['--limit', '1'], [{ deliveries: [LETTER], next: '7' }]);
  assert.deepEqual(asked, ['/admin/dead-letters?limit=1']);
  const [head, row, , more] = output.split('\n');
  assert.equal(head!.replaceAll(/ +/g, ' '), 'DELIVERY FAILED DESTINATION SOURCE TYPE KEY ERROR');
  assert.match(row!, /^d-1 +2026-11-01T10:00:00\.000Z +billing +shop +order\.paid +k-1 +503/);
  assert.ok(!output.includes('\u001b'));
  assert.equal(more, 'more: --cursor 7');
});

it('hands its filter on, and goes on until it has as many as were asked for', async (t) => {
  const args = ['--limit', '3', '--destination', 'a b', '--source', 's', '--type', 't', '--since', '2h'];
  const more = ['--until', '1h', '--error', '50%', '--superseded', '--json'];
  const pages = [
    { deliveries: [LETTER], next: '9' },
    { deliveries: [], next: '5' },
    { deliveries: [LETTER], next: null },
  ];
  const { asked, output } = await run(t, [...args, ...more], pages);
  const filter = 'destination=a+b&source=s&type=t&since=2h&until=1h&error=50%25&superseded=true';
  assert.deepEqual(asked, [
    `/admin/dead-letters?limit=3&${filter}`,
    `/admin/dead-letters?limit=2&${filter}&cursor=9`,
    `/admin/dead-letters?limit=2&${filter}&cursor=5`,
  ]);
  assert.deepEqual(JSON.parse(output), { deliveries: [LETTER, LETTER], next: null });
});

it('says so when there are none', async (t) => {
  const { output } = await run(t, [], [{ deliveries: [], next: null }]);
  assert.equal(output, 'no dead letters\n');
});
