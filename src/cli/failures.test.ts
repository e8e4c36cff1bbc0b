import assert from 'node:assert/strict';
import { it } from 'node:test';
import { runOnReceiver } from '../../testkit/run-on-receiver.ts';
import { addFailuresCommand } from './failures.ts';

const TIMES = { first_at: '2026-11-01T10:00:00.000Z', last_at: '2026-11-01T10:05:00.000Z' };
const GROUP = {
  ...{
    destination: 'billing',
    group: '0f1e2d3c4b5a6978',
    class: 'http',
    http_status: 503,
    count: 42,
    ...TIMES,
  },
  sample: { error: 'answered 503\u001b[31m', response_excerpt: null },
  filter: 'destination:billing status:failed replay:no group:0f1e2d3c4b5a6978',
};
const REST = {
  ...GROUP,
  group: 'other',
  class: null,
  http_status: null,
  count: 2,
  sample: null,
  filter: 'x',
};

it('prints a table of causes, and how to see the members of one', async (t) => {
  const answer = { failures: [GROUP, REST] };
  const { asked, output } = await runOnReceiver(t, addFailuresCommand, ['failures'], () => answer);
  assert.deepEqual(
    asked.map(({ url }) => url),
    ['/admin/failures'],
  );
  const [head, row, rest, , hint] = output.split('\n');
  assert.equal(head!.replaceAll(/ +/g, ' '), 'DESTINATION GROUP COUNT FIRST LAST CAUSE');
  assert.match(row!, /^billing +0f1e2d3c4b5a6978 +42 +\S+ +\S+ +http 503: answered 503/);
  assert.match(rest!, /^billing +other +2 +\S+ +\S+ +-$/);
  assert.equal(hint, `The dead letters of a group: webhook-receiver events '${GROUP.filter}'`);
  assert.ok(!output.includes('\u001b'));
});

it('asks for one destination, and prints the answer as JSON', async (t) => {
  const args = ['failures', '--destination', 'a b', '--json'];
  const { asked, output } = await runOnReceiver(t, addFailuresCommand, args, () => ({ failures: [GROUP] }));
  assert.equal(asked[0]!.url, '/admin/failures?destination=a+b');
  assert.deepEqual(JSON.parse(output), { failures: [GROUP] });
});

it('says so when there are none', async (t) => {
  const { output } = await runOnReceiver(t, addFailuresCommand, ['failures'], () => ({ failures: [] }));
  assert.equal(output, 'no dead letters\n');
});
