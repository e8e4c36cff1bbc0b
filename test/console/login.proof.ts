import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { it } from 'node:test';
import { openBrowser, openWindow } from '../../testkit/browser.ts';
import { receiverFolder } from '../../testkit/receiver-process.ts';

const TOKEN = 'a-token-that-no-log-may-have';
const WRONG = 'a-wrong-token-that-no-log-may-have';

it('a log-in leaves no token and no code in logs, history or Referer, and ends with its token', async (t) => {
  const cleanup = { after: (clean: () => Promise<void>) => t.after(clean) };
  const folder = await receiverFolder(cleanup, { env: { LOG_LEVEL: 'DEBUG' } });
  const tokenFile = join(folder.path, 'token');
  await writeFile(tokenFile, TOKEN);
  const env = { ADMIN_TOKEN_FILE: tokenFile };
  const receiver = await folder.start(env);
  const { port } = new URL(receiver.url);
  const { page, context, complaints } = await openWindow(await openBrowser(cleanup));
  page.setDefaultTimeout(30_000);
  const referers: string[] = [];
  context.on('request', (asked) => referers.push(asked.headers().referer ?? ''));

  // A wrong token, then the right one: the page that was asked for follows.
  await page.goto(`${receiver.url}/console/audit`);
  for (const token of [WRONG, TOKEN]) {
    await page.getByLabel('Token').fill(token);
    await page.getByLabel('Token').press('Enter');
    await page
      .getByText(token === WRONG ? 'That is no token of this receiver' : 'who did what')
      .first()
      .waitFor();
  }
  assert.equal(page.url(), `${receiver.url}/console/audit`);
  const cookies = await context.cookies();
  assert.deepEqual(
    cookies.map(({ name, httpOnly, sameSite, path }) => ({ name, httpOnly, sameSite, path })),
    [{ name: `console-session${port}`, httpOnly: true, sameSite: 'Lax', path: '/console' }],
  );

  // A link in a chat, which is another site, opens the page of whoever is logged in.
  const chat = createServer((_, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<a href="${receiver.url}/console/sources">look</a>
<form method="post" action="${receiver.url}/console/logout"><button>forged</button></form>`);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => chat.once('listening', resolve));
  t.after(() => void chat.close());
  const chatUrl = `http://localhost:${(chat.address() as AddressInfo).port}/`;
  await page.goto(chatUrl);
  await page.getByRole('link', { name: 'look' }).click();
  await page.getByRole('heading', { name: 'Sources', level: 1 }).waitFor();
  // A form of the other site does nothing.
  await page.goto(chatUrl);
  const [forged] = await Promise.all([
    page.waitForResponse((answer) => answer.url().endsWith('/console/logout')),
    page.getByRole('button', { name: 'forged' }).click(),
  ]);
  assert.equal(forged.status(), 403);
  assert.equal((await page.goto(`${receiver.url}/console/audit`))!.status(), 200, 'the session goes on');

  // A one-time link: its code is in no history.
  const made = await fetch(`${receiver.url}/admin/console-link`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  const { path } = (await made.json()) as { path: string };
  const code = new URL(path, receiver.url).searchParams.get('code')!;
  await context.clearCookies();
  await page.goto(`${receiver.url}${path}`);
  assert.equal(page.url(), `${receiver.url}/console/enter`);
  await page.getByRole('button', { name: 'Open the console' }).click();
  await page.getByRole('heading', { name: 'Is anything wrong?' }).waitFor();
  await page.goBack();
  assert.equal(page.url().includes(code), false);
  await page.goto(`${receiver.url}${path}`);
  await page.getByRole('button', { name: 'Open the console' }).click();
  await page.getByText('This link was used before').waitFor();

  // Another token ends the session, and the page that is asked for waits behind the log-in.
  await receiver.stop().then(({ stdout, stderr }) => assertSilent(`${stdout}${stderr}`, code));
  await writeFile(tokenFile, 'another-token-of-the-same-name');
  const after = await folder.start({ ...env, PORT: port });
  assert.equal((await page.goto(`${after.url}/console/failures`))!.status(), 401);
  await page.getByLabel('Token').fill('another-token-of-the-same-name');
  await page.getByLabel('Token').press('Enter');
  await page.waitForURL(`${after.url}/console/failures`);
  const { stdout, stderr } = await after.stop();
  assertSilent(`${stdout}${stderr}`, code);
  for (const referer of referers) assertSilent(referer, code);
  assert.deepEqual(
    complaints.filter((text) => !/status of 40[13]/.test(text)),
    [],
  );
});

function assertSilent(text: string, code: string): void {
  for (const secret of [TOKEN, WRONG, code, 'another-token-of-the-same-name']) {
    assert.equal(text.includes(secret), false, `${secret} is in ${text.slice(0, 200)}`);
  }
}
