import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { readEnv } from '../../src/config/settings.ts';
import { retryDelayMs } from '../../src/domain/retry-policy.ts';
import { createReceiver } from '../../src/receiver.ts';
import { MIGRATIONS } from '../../src/store/sqlite/migrations/index.ts';
import { createTempDir } from '../../testkit/temp-dir.ts';
import { read, section } from './support.ts';

const README = read('README.md');

/** What is posted and answered in a part of the README. */
function shown(text: string) {
  const bodies = [...text.matchAll(/-d '(\{.*\})'/g)].map(([, body]) => body!);
  const answers = [...text.matchAll(/HTTP\/1\.1 (\d+) [^\n]+\n(?:[a-z-]+: [^\n]+\n)*\n(\{.*\})\n/g)];
  return {
    body: bodies[0]!,
    answers: answers.map(([, status, json]) => ({ status: Number(status), json: json! })),
  };
}

/** Ids, times and the status of an event differ from run to run, their form does not. */
function formOf(json: string): unknown {
  return JSON.parse(json, (name, value) =>
    typeof value !== 'string'
      ? value
      : name === 'status'
        ? 'a status'
        : value
            .replace(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{8}0000$/, 'an id')
            .replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, 'a time'),
  );
}

test('the README and docs/api.md show what the receiver answers', async (t) => {
  const { path, remove } = await createTempDir();
  const receiver = createReceiver({
    env: {
      DB_PATH: `${path}/events.db`,
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'FATAL',
      SIMULATED_MIN_SECONDS: '0',
      SIMULATED_MAX_SECONDS: '0',
    },
  });
  t.after(async () => {
    await receiver.stop();
    await remove();
  });
  const { url } = await receiver.start();
  const post = (body: string) =>
    fetch(`${url}/webhooks`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });

  const quickStart = section(README, '## Quick start');
  const { body, answers } = shown(quickStart);
  assert.equal(answers.length, 2);
  for (const { status, json } of answers) {
    const answer = await post(body);
    assert.equal(answer.status, status);
    assert.deepEqual(formOf(json), formOf(await answer.text()));
  }

  const [, query, event] = /curl 'localhost:8000(\/webhooks\?[^']+)'\n(\{.*\})\n/.exec(quickStart)!;
  for (;;) {
    const answer = await (await fetch(`${url}${query}`)).text();
    if (!answer.includes('"completed"')) continue;
    assert.deepEqual(formOf(event!), formOf(answer));
    break;
  }

  const wrong = shown(section(read('docs/api.md'), '## Errors'));
  const refused = await post(wrong.body);
  assert.deepEqual(wrong.answers, [{ status: refused.status, json: await refused.text() }]);
});

test('the README shows the start in the two commands of package.json', () => {
  const commands = [...section(README, '## Quick start').matchAll(/```sh\n(.+)\n```/g)].map(
    ([, line]) => line,
  );
  assert.deepEqual(commands, ['npm ci && npm start', 'npm ci && npm test']);
  assert.match(README, /`npm start` sets `DB_PATH` to `\.\/data\/events\.db`/);
  assert.match(read('package.json'), /"start": "DB_PATH=.*\.\/data\/events\.db/);
});

test('docs/handlers.md counts the waits of the default policy right', () => {
  const { values } = readEnv({});
  const waits = (maxAttempts: number) => {
    const policy = {
      maxAttempts,
      baseDelayMs: values.RETRY_BASE_DELAY * 1000,
      maxDelayMs: values.RETRY_MAX_DELAY * 1000,
      jitter: 0,
    };
    return Array.from({ length: maxAttempts - 1 }, (_, index) => retryDelayMs(policy, index + 1, 0) / 1000);
  };
  const defaults = waits(values.MAX_ATTEMPTS)
    .join(', ')
    .replace(/, (\d+)$/, ' and $1');
  const text = section(read('docs/handlers.md'), '## Retries').replace(/\s+/g, ' ');
  assert.ok(text.includes(defaults));
  assert.ok(section(README, '## Destinations').replace(/\s+/g, ' ').includes(defaults));
  const [, attempts, minutes] = /(\d+) attempts with the default delays span (\d+) minutes/.exec(text)!;
  const span = waits(Number(attempts)).reduce((sum, wait) => sum + wait) / 60;
  assert.equal(Math.round(span), Number(minutes));
});

test('the statements of docs/operations.md fit the schema', () => {
  const db = new DatabaseSync(':memory:');
  db.exec(MIGRATIONS.join('\n'));
  const statements = [...read('docs/operations.md').matchAll(/sqlite3 -readonly[^"]*"([^"]+)"/g)]
    .flatMap(([, sql]) => sql!.split(';'))
    .filter((sql) => /select/.test(sql));
  assert.equal(statements.length, 2);
  for (const sql of statements) db.prepare(sql.replace(/<\w+>/, '1')).all();
  db.close();
});
