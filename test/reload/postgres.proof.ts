import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { UserConfig, UserHandler } from '../../src/config/define-config.ts';
import { eventually } from '../../testkit/eventually.ts';
import { startPostgres } from '../../testkit/postgres.ts';
import { postSigned, startReloadable } from './reloadable.ts';

/** More of them with RELOADS. */
const RELOADS = Number(process.env.RELOADS ?? 60);
const SENDERS = 4;

type Letter = 'A' | 'B';

it(`${RELOADS} reloads under load lose nothing on PostgreSQL`, async (t) => {
  const server = await startPostgres();
  t.after(() => server.stop());
  const got: string[] = [];
  const into = (name: string): { handler: UserHandler } => ({
    handler: (event) => void got.push(`${event.idempotencyKey} ${name}`),
  });
  /** A destination of its own for each letter, and one that both have with another handler each. */
  const configOf = (letter: Letter, secrets: readonly string[]): UserConfig => ({
    sources: {
      github: { provider: 'github', secrets, replayWindowSeconds: 0, reply: { status: 200, body: letter } },
    },
    destinations: { [`own-${letter}`]: into(`own ${letter}`), both: into(`both ${letter}`) },
  });
  const { url, reload, metrics } = await startReloadable(t, configOf('A', ['secret-0']), {
    ...{ DATABASE_URL: server.url, QUEUE_MAXSIZE: '1000000', SHUTDOWN_GRACE: '5' },
  });

  const letters = new Map<string, Letter>();
  let secret = 'secret-0';
  let sending = true;
  const inFlight: Promise<void>[] = [];
  const send = async (key: string) => {
    const answer = await postSigned(url, secret, key);
    const text = await answer.text();
    assert.equal(answer.status, 200, `${key}: ${text}`);
    letters.set(key, text as Letter);
  };
  const senders = Promise.all(
    Array.from({ length: SENDERS }, async (_, sender) => {
      for (let at = 0; sending; at++) {
        inFlight[sender] = send(`${sender}-${at}`);
        await inFlight[sender];
      }
    }),
  );
  const rotate = async () => {
    for (let step = 0; step < RELOADS; step += 2) {
      const [old, next] = [`secret-${step / 2}`, `secret-${step / 2 + 1}`];
      assert.equal((await reload(configOf('B', [old, next]))).kind, 'applied');
      secret = next;
      await Promise.all(inFlight);
      assert.equal((await reload(configOf('A', [next]))).kind, 'applied');
    }
    sending = false;
  };
  await Promise.all([rotate(), senders]);

  // What waits for a destination that has gone is delivered once it is there again.
  const { destinations } = configOf('B', []);
  const last = configOf('A', [secret]);
  await reload({ ...last, destinations: { ...destinations, ...last.destinations } });
  await eventually(
    'two deliveries of each event',
    () => got.length >= letters.size * 2,
    () => got.length,
  );
  const namesOf = Map.groupBy(got, (line) => line.split(' ')[0]!);
  for (const [key, letter] of letters) {
    const names = (namesOf.get(key) ?? []).map((line) => line.slice(key.length + 1, -2)).toSorted();
    assert.deepEqual(names, ['both', 'own'], key);
    assert.ok(
      namesOf.get(key)!.includes(`${key} own ${letter}`),
      `${key} was handled by another configuration`,
    );
  }
  assert.ok([...letters.values()].filter((letter) => letter === 'B').length > 20, 'each letter was met');
  assert.deepEqual((await metrics()).match(/^webhook_processing_errors_total\{.*\} [1-9].*$/gm), null);
  t.diagnostic(`${letters.size} events, ${RELOADS} reloads`);
});
