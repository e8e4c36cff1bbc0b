import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { it, type TestContext } from 'node:test';
import { runOnReceiver } from '../../testkit/run-on-receiver.ts';
import { addBulkCommand } from './bulk.ts';
import type { BulkOperation } from './bulk-text.ts';
import { CommandError } from './command-error.ts';

const PLAN: BulkOperation = {
  ...{ id: '01a2-id', kind: 'replay', state: 'planned', q: 'status:failed', to: null, rate: '50/s' },
  ...{ created_at: '2026-11-01T10:00:00.000Z', created_by: 'ann', valid_until: null },
  ...{
    count: 1_840,
    found: 1_840,
    scanned: 9_000,
    left_out: { superseded: 3 },
    destinations: { crm: 1_840 },
  },
  sample: [{ id: 'd1', source: 'stripe', event_type: 'a\u001bb', destination: 'crm' }],
  ...{ undo: 'what was tried cannot be undone', done: 0, skipped: {}, left: 1_840, taken_back: {} },
  ...{ waits_for: null, error: null },
};
const ENDED: BulkOperation = {
  ...PLAN,
  state: 'completed',
  done: 1_838,
  skipped: { superseded: 2 },
  left: 0,
};

async function run(
  t: TestContext,
  args: readonly string[],
  answers: readonly object[],
  add: Parameters<typeof runOnReceiver>[1] = addBulkCommand,
) {
  const { asked, output } = await runOnReceiver(t, add, ['bulk', ...args], (n) => answers[n]);
  return { asked: asked.map(({ method, url, body }) => `${method} ${url} ${body}`.trimEnd()), output };
}

it('shows the plan, runs it with --yes and --expect, and says what it came to', async (t) => {
  const args = ['replay', 'status:failed', 'destination:crm', '--yes', '--expect', '1840', '--rate', '100/s'];
  const { asked, output } = await run(t, args, [PLAN, ENDED]);
  assert.deepEqual(asked, [
    'POST /admin/operations {"kind":"replay","q":"status:failed destination:crm","rate":"100/s"}',
    'POST /admin/operations/01a2-id/run {"expect":1840}',
  ]);
  assert.match(output, /^replay: 1840 targets at 50\/s\nfilter: status:failed\ndestinations: crm 1840\n/);
  assert.match(output, /left out: superseded 3\nwhat was tried cannot be undone\n/);
  assert.match(output, /completed: 1838 of 1840 done, skipped: superseded 2\n$/);
  assert.ok(!output.includes('\u001b'), 'a control character of a payload reached the terminal');
});

it('asks on a terminal, and runs what was confirmed, or nothing', async (t) => {
  const at = (typed: string) => {
    const [input, output] = [new PassThrough(), new PassThrough()].map((one) =>
      Object.assign(one, { isTTY: true }),
    );
    const add: typeof addBulkCommand = (program, env) =>
      addBulkCommand(program, env, { input: input!, output: output! });
    input!.write(typed);
    return run(t, ['replay', 'status:failed'], [PLAN, ENDED], add);
  };
  const ran = await at('1840\n');
  assert.deepEqual(ran.asked, [
    'POST /admin/operations {"kind":"replay","q":"status:failed"}',
    'POST /admin/operations/01a2-id/run {"expect":1840}',
  ]);
  assert.match(ran.output, /it runs; Ctrl-C leaves it running: webhook-receiver bulk show 01a2-id\n/);
  const left = await at('y\n');
  assert.equal(left.asked.length, 1);
  assert.match(left.output, /nothing was done\n$/);
});

it('waits for the count', async (t) => {
  const counting = { ...PLAN, state: 'counting', count: null };
  const { asked } = await run(t, ['replay', 'status:failed', '--yes'], [counting, { ...PLAN, count: 0 }]);
  assert.deepEqual(asked, [
    'POST /admin/operations {"kind":"replay","q":"status:failed"}',
    'GET /admin/operations/01a2-id',
  ]);
});

it('asks nobody where nobody is, and points at a mistake in the filter', async (t) => {
  await assert.rejects(run(t, ['replay', 'status:failed'], [PLAN]), CommandError);
  await assert.rejects(run(t, ['replay', 'status:faild', '--yes'], []), /wrong at character 8/);
  await assert.rejects(run(t, ['erase', 'key:"a', '--yes'], []), /the quote is not closed/);
  await assert.rejects(run(t, ['replay', 'key:a', '--yes', '--expect', 'all'], []), CommandError);
});

it('names the destination of a route', async (t) => {
  const { asked } = await run(t, ['route', 'source:shop', '--to', 'erp', '--yes'], [PLAN, ENDED]);
  assert.equal(asked[0], 'POST /admin/operations {"kind":"route","q":"source:shop","to":"erp"}');
});

it('lists, shows, cancels and takes back', async (t) => {
  const listed = await run(t, ['list'], [{ operations: [ENDED], next: null }]);
  assert.deepEqual(listed.asked, ['GET /admin/operations?limit=50']);
  assert.match(listed.output, /01a2-id +replay +completed .* ann +1840 +1838 +2 +0 +status:failed\n$/);
  const shown = await run(t, ['show', '01a2-id'], [{ ...PLAN, state: 'running' }, ENDED]);
  assert.deepEqual(shown.asked, ['GET /admin/operations/01a2-id', 'GET /admin/operations/01a2-id']);
  const cancelled = await run(t, ['cancel', '01a2-id', '--json'], [{ ...ENDED, state: 'cancelled' }]);
  assert.deepEqual(cancelled.asked, ['POST /admin/operations/01a2-id/cancel']);
  const back = { ...ENDED, state: 'taken_back', taken_back: { taken_back: 1_800, tried: 38 } };
  const { asked, output } = await run(t, ['take-back', '01a2-id'], [back]);
  assert.deepEqual(asked, ['POST /admin/operations/01a2-id/take-back']);
  assert.match(output, /of these taken_back 1800, tried 38\n$/);
});
