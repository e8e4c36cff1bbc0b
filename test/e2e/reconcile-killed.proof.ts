import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { eventually } from '../../testkit/eventually.ts';
import { type FakeStripeEvent, startFakeStripe } from '../../testkit/fake-providers.ts';
import { startPostgres } from '../../testkit/postgres.ts';
import { type ReceiverProcess, receiverFolder } from '../../testkit/receiver-process.ts';

const TOKEN = 'hunter2-hunter2-hunter2';
const KEY = 'rk_test_a_needle_of_stripe';
const EVENTS = 400;
const headers = { authorization: `Bearer ${TOKEN}` };

const CONFIG = `export default {
  sources: { stripe: { provider: 'stripe', secret: 'whsec_of_the_tests' } },
  destinations: { sink: { handler: './sink.mjs' } },
};`;

/** Events from new to old, a minute apart. */
const EVENTS_LISTED: readonly FakeStripeEvent[] = Array.from({ length: EVENTS }, (_, at) => ({
  id: `evt_${String(EVENTS - at).padStart(5, '0')}`,
  object: 'event',
  created: Math.floor(Date.now() / 1000) - 60 - at * 60,
  type: 'invoice.paid',
}));

async function metric({ url }: ReceiverProcess, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`, { headers })).text();
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
}

it('the command of a receiver that was killed is run again, and each gap is filled once (PostgreSQL)', async (t) => {
  const server = await startPostgres();
  t.after(() => server.stop());
  const stripe = await startFakeStripe(t, KEY, () => EVENTS_LISTED);
  const env = {
    ...{ ADMIN_TOKEN: TOKEN, DATABASE_URL: await server.createDatabase(), QUEUE_MAXSIZE: '1000' },
    ...{ STRIPE_API_KEY_FILE: 'stripe.key', STRIPE_API_URL: stripe.url },
  };
  const folder = await receiverFolder(t, { config: CONFIG, env });
  await writeFile(join(folder.path, 'stripe.key'), `${KEY}\n`);
  await writeFile(join(folder.path, 'sink.mjs'), 'export default () => {};\n');
  const args = ['reconcile', 'stripe', '--source', 'stripe', '--since', '3d', '--apply'];
  const command = ({ url }: ReceiverProcess, more: readonly string[] = []) =>
    folder.run({ PORT: new URL(url).port }, { args: [...args, ...more] });

  const first = await folder.start();
  const broken = command(first);
  const stored = () => metric(first, 'webhook_events_stored');
  await eventually('some gaps are filled', async () => (await stored()) > 0);
  const killed = await first.crash();
  const told = await broken;
  assert.notEqual(told.code, 0);

  const second = await folder.start();
  const left = EVENTS - (await metric(second, 'webhook_events_stored'));
  assert.ok(left > 0 && left < EVENTS, `${left} are left: it was not killed on the way`);
  const resumed = JSON.parse((await command(second, ['--json'])).stdout) as Record<string, number>;
  assert.deepEqual([resumed.listed, resumed.missing, resumed.fetched], [EVENTS, left, left]);
  const again = await command(second);
  assert.equal(again.code, 0, again.stderr);
  assert.match(again.stdout, /400/);
  assert.equal(await metric(second, 'webhook_events_stored'), EVENTS);
  const done = 'webhook_deliveries\\{destination="sink",status="completed"\\}';
  await eventually('each is delivered once', async () => (await metric(second, done)) === EVENTS);

  const answer = await fetch(`${second.url}/admin/audit?action=source.reconcile`, { headers });
  const { audit } = (await answer.json()) as { audit: { after: { state: string; fetched?: number } }[] };
  assert.deepEqual(audit.map(({ after }) => `${after.state} ${after.fetched ?? ''}`.trim()).toReversed(), [
    'begun',
    'begun',
    `ended ${left}`,
    'begun',
    'ended 0',
  ]);
  const ended = await second.stop();
  const texts = [killed, told, again, ended].flatMap(({ stdout, stderr }) => [stdout, stderr]);
  assert.doesNotMatch([...texts, JSON.stringify(audit)].join('\n'), new RegExp(KEY));
});
