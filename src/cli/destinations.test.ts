import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { runOnReceiver } from '../../testkit/run-on-receiver.ts';
import { addDestinationsCommand } from './destinations.ts';

const HELD = {
  ...{
    name: 'billing',
    state: 'held',
    reason: 'moves house',
    since: '2026-11-01T10:00:00.000Z',
    until: null,
  },
  ...{ pending: 0, held: 12, processing: 1, failed: 3, oldest_age_seconds: 61.4 },
  ...{ rate: { configured: '50/s', override: null }, last_error: 'HTTP 503' },
};

/** Runs the command on a receiver that answers with this. */
async function run(t: TestContext, args: readonly string[], answer: object) {
  const command = ['destinations', ...args];
  const { asked, output } = await runOnReceiver(t, addDestinationsCommand, command, () => answer);
  return { asked: asked.map(({ method, url, body }) => `${method} ${url} ${body}`.trimEnd()), output };
}

it('lists destinations by its name alone, and as `list`', async (t) => {
  for (const args of [[], ['list']]) {
    const { asked, output } = await run(t, args, { destinations: [HELD] });
    assert.deepEqual(asked, ['GET /admin/destinations']);
    const [head, row] = output.split('\n');
    assert.match(head!, /^NAME +STATE +SINCE +UNTIL +PENDING +HELD +PROCESSING +FAILED +OLDEST +RATE +WHY/);
    assert.match(row!, /^billing +held +2026-11-01T10:00:00\.000Z +- +0 +12 +1 +3 +61 s +50\/s +moves house/);
  }
});

it('holds one, with a reason and an end, and prints what it is then', async (t) => {
  const args = ['hold', 'a b', '--reason', 'moves house', '--until', '2026-11-02T10:00:00Z', '--json'];
  const { asked, output } = await run(t, args, HELD);
  assert.deepEqual(asked, [
    'POST /admin/destinations/a%20b/hold {"reason":"moves house","until":"2026-11-02T10:00:00Z"}',
  ]);
  assert.deepEqual(JSON.parse(output), HELD);
});

it('resumes one', async (t) => {
  const { asked, output } = await run(t, ['resume', 'billing'], { ...HELD, state: 'open', reason: null });
  assert.deepEqual(asked, ['POST /admin/destinations/billing/resume']);
  assert.match(output, /billing +open .* HTTP 503/);
});

it('limits one for a time, and ends that without a rate', async (t) => {
  const limited = await run(t, ['rate', 'billing', '5/s', '--until', '2026-11-02T10:00:00Z'], HELD);
  assert.deepEqual(limited.asked, [
    'PUT /admin/destinations/billing/rate {"rate":"5/s","until":"2026-11-02T10:00:00Z"}',
  ]);
  const asConfigured = await run(t, ['rate', 'billing'], HELD);
  assert.deepEqual(asConfigured.asked, ['DELETE /admin/destinations/billing/rate']);
});
