import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { logIn, openBrowser, openWindow } from '../../testkit/browser.ts';
import {
  askAdmin,
  type ConsoleReceiver,
  GITHUB_SECRET,
  settled,
  startConsoleReceiver,
} from '../../testkit/console-receiver.ts';
import { startPostgres } from '../../testkit/postgres.ts';
import { suiteCleanup } from '../../testkit/receiver.ts';

describe('the console of one of two nodes on PostgreSQL', () => {
  const suite = suiteCleanup();
  let [here, other]: ConsoleReceiver[] = [];
  let page: Page;
  let complaints: string[];
  before(async () => {
    const postgres = await startPostgres();
    suite.after(postgres.stop);
    const env = { DATABASE_URL: await postgres.createDatabase() };
    here = await startConsoleReceiver(suite, { env });
    other = await startConsoleReceiver(suite, { env });
    ({ page, complaints } = await openWindow(await openBrowser(suite)));
    page.setDefaultTimeout(60_000);
    await logIn(page, `${here.adminUrl}/console/sources/github`, 'admin');
  });

  it('turns green by itself with a first event that the other node accepts', async () => {
    await page.getByText('No event has come yet').waitFor();
    assert.equal(await other!.postGithub('push', { n: 1 }, GITHUB_SECRET), 202);
    await page.locator('.notice.good', { hasText: 'It works: events are verified' }).waitFor();
  });

  for (const [name, path, destination] of [
    ['a source', '/sources/github', 'warehouse'],
    ['a destination', '/destinations/builds', 'builds'],
  ] as const) {
    it(`sends a test of ${name}, signed and marked, to the one destination`, async () => {
      await page.goto(`${here!.adminUrl}/console${path}`);
      await page.locator('details.action > summary', { hasText: 'Send a test' }).click();
      if (destination === 'warehouse')
        await page.locator('select[name="destination"]').selectOption(destination);
      await page.getByLabel('may take a test for real').check();
      await page.getByRole('button', { name: 'Send a test', exact: true }).click();
      await page.waitForURL(/events\/[0-9a-f-]{36}\?done=tested/);
      const id = /events\/([0-9a-f-]{36})/.exec(page.url())![1]!;
      await settled(here!);
      const { origin, deliveries } = await askAdmin<{
        origin: string;
        deliveries: readonly Readonly<{ destination: string; status: string }>[];
      }>(here!, `/admin/webhooks/${id}`);
      assert.equal(origin, 'test');
      assert.deepEqual(
        deliveries.map((one) => `${one.destination} ${one.status}`),
        [`${destination} completed`],
      );
      // Either node may have delivered it.
      const got = [...here!.forwarded, ...other!.forwarded].filter(
        ({ headers }) => headers['webhook-event-id'] === id,
      );
      assert.deepEqual(
        got.map(({ headers }) => headers['webhook-origin']),
        ['test'],
      );
      const { audit } = await askAdmin<{ audit: readonly { actor: string; action: string }[] }>(
        here!,
        '/admin/audit?limit=1',
      );
      assert.match(`${audit[0]!.actor} ${audit[0]!.action}`, /^root .*test/);
    });
  }

  it('has nothing to complain of', () => {
    assert.deepEqual(
      complaints.filter((text) => !/status of 401/.test(text)),
      [],
    );
  });
});
