import assert from 'node:assert/strict';
import { it } from 'node:test';
import { logIn, openBrowser, openWindow } from '../../testkit/browser.ts';
import { TOKENS } from '../../testkit/console-receiver.ts';
import { eventually } from '../../testkit/eventually.ts';
import { receiverFolder } from '../../testkit/receiver-process.ts';

const LIVE = /\/console\/live$/;

it('a server that is killed in mid-stream leaves the page as it was, which goes on when it is back', async (t) => {
  const cleanup = { after: (clean: () => Promise<void>) => t.after(clean) };
  const env = { ADMIN_TOKEN: TOKENS.admin, LOG_LEVEL: 'INFO' };
  const folder = await receiverFolder(cleanup, { env });
  const before = await folder.start();
  const { port } = new URL(before.url);
  const { page } = await openWindow(await openBrowser(cleanup));
  await page.clock.install();
  page.setDefaultTimeout(30_000);
  await logIn(page, `${before.url}/console/events`, 'admin');
  const streamed = page.waitForRequest(LIVE);
  await page.reload();
  await streamed;
  await before.crash();
  await page.clock.runFor(15_000);
  await page.getByText(/Not live: the numbers are \d+ s old/).waitFor();
  assert.equal(await page.locator('h1').innerText(), 'Events', 'what was shown stays');

  const after = await folder.start({ PORT: port });
  const send = (key: string) =>
    fetch(`${after.url}/webhooks`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ idempotency_key: key, event_type: 'x', payload: {} }),
    });
  await eventually('the page is live again', async () => {
    await page.clock.runFor(3_000);
    return (await page.locator('[data-live-age]').innerText()) === '';
  });
  assert.equal((await send('back')).status, 202);
  await page.getByRole('link', { name: '1 new' }).waitFor();
  await after.stop();
});
