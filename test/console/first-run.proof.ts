import assert from 'node:assert/strict';
import { it } from 'node:test';
import { logIn, openBrowser, openWindow } from '../../testkit/browser.ts';
import { GITHUB_SECRET, startConsoleReceiver } from '../../testkit/console-receiver.ts';

it('a source turns green by itself with the first event that verifies, and not before', async (t) => {
  const cleanup = { after: (clean: () => Promise<void>) => t.after(clean) };
  const receiver = await startConsoleReceiver(cleanup, { env: { PUBLIC_URL: 'http://hooks.example' } });
  const { page, complaints } = await openWindow(await openBrowser(cleanup));
  page.setDefaultTimeout(60_000);
  await logIn(page, `${receiver.adminUrl}/console/sources`, 'viewer');
  const set = page.locator('#first');
  await set.locator('summary', { hasText: 'github' }).click();
  await set.getByText('http://hooks.example/webhooks/github').waitFor();
  await set.getByText('the webhook of the repository, organization or app, field Secret').waitFor();

  await page.goto(`${receiver.adminUrl}/console/sources/github`);
  await page.getByText('No event has come yet').waitFor();
  assert.equal(await receiver.postGithub('push', { n: 1 }, 'not the secret'), 401);
  assert.equal(await page.locator('.notice.good').count(), 0);
  assert.equal(await receiver.postGithub('push', { n: 2 }, GITHUB_SECRET), 202);
  await page.locator('.notice.good', { hasText: 'It works: events are verified' }).waitFor();

  await page.goto(`${receiver.adminUrl}/console/sources`);
  await page
    .getByRole('row', { name: /github/ })
    .getByText('works')
    .waitFor();
  assert.equal(await set.locator('summary', { hasText: 'github' }).count(), 0);
  assert.deepEqual(
    complaints.filter((text) => !/status of 401/.test(text)),
    [],
  );
});
