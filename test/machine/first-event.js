// Sends an event to the receiver that writes this log, and waits until it is stored; with `gone`, checks that the
// receiver does not listen any more. Plain JavaScript for any Node.js: it runs on that of the machine.
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const [file, expected] = process.argv.slice(2);
const url = await findUrl();
if (expected === 'gone') {
  const answer = await fetch(`${url}/health`).catch(() => null);
  if (answer !== null) throw new Error(`${url} still answers`);
  console.log('stopped');
} else {
  const event = {
    idempotency_key: 'order-42-created',
    event_type: 'order.created',
    payload: { order_id: 42 },
  };
  const answer = await fetch(`${url}/webhooks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(event),
  });
  const { id } = await answer.json();
  const stored = await (await fetch(`${url}/webhooks/${id}`)).json();
  console.log(`answered ${answer.status}, stored ${stored.idempotency_key}`);
}

/** Waits for the line that says where it listens; the caller ends the wait if it never comes. */
async function findUrl() {
  for (;;) {
    const log = readFileSync(file, 'utf8');
    const url = /listening on (http:[^"\s]+)/.exec(log)?.[1];
    if (url !== undefined) return url.replace('0.0.0.0', '127.0.0.1').replace('[::]', '127.0.0.1');
    if (/npm (error|ERR!)/.test(log)) throw new Error(log);
    await pause(100);
  }
}
