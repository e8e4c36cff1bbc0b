import { LARGE } from '../handlers/configs.ts';
import { type Receiver, startReceiver } from '../servers/receiver.ts';
import type { Inbox } from './open-inbox.ts';

const TOKEN = 'a-token-of-the-benchmark';

/** Of a request to the admin surface. */
export const ADMIN = { authorization: `Bearer ${TOKEN}` };

/** Starts a receiver on the inbox. Nothing expires while somebody measures. */
export function startOn({ dir, env }: Inbox): Promise<Receiver> {
  return startReceiver({ dir, config: LARGE, env: { ADMIN_TOKEN: TOKEN, RETENTION_DAYS: '3650', ...env } });
}

/** Logs in to the console. @returns the headers of a browser that has */
export async function logIn(origin: string): Promise<Readonly<Record<string, string>>> {
  const answer = await fetch(`${origin}/console/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({ token: TOKEN, to: '/console' }),
    redirect: 'manual',
  });
  const cookie = answer.headers.get('set-cookie')?.split(';')[0];
  if (answer.status !== 303 || cookie === undefined)
    throw new Error(`the log-in is answered ${answer.status}`);
  return { cookie, 'sec-fetch-site': 'same-origin' };
}
