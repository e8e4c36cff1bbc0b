import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { logIn, openBrowser, openWindow } from '../../testkit/browser.ts';
import {
  askAdmin,
  type ConsoleReceiver,
  settled,
  startConsoleReceiver,
} from '../../testkit/console-receiver.ts';
import { eventually } from '../../testkit/eventually.ts';
import { suiteCleanup } from '../../testkit/receiver.ts';

const LIVE = /\/console\/live$/;

/** Streams of live numbers that a browser has begun. */
function countStreams(context: BrowserContext): () => number {
  let begun = 0;
  context.on('request', (asked) => {
    if (LIVE.test(asked.url())) begun += 1;
  });
  return () => begun;
}

describe('numbers that stay right', () => {
  const suite = suiteCleanup();
  let browser: Browser;
  let receiver: ConsoleReceiver;
  let sent = 0;
  const post = () => {
    sent += 1;
    const event = {
      idempotency_key: `e-${sent}`,
      event_type: 'order.created',
      payload: { order: `${sent}` },
    };
    return receiver.post('shop', event);
  };
  before(async () => {
    browser = await openBrowser(suite);
    receiver = await startConsoleReceiver(suite);
  });

  it('seven tabs share one stream, and another tab goes on when its own is closed', async () => {
    const { context, page } = await openWindow(browser);
    page.setDefaultTimeout(30_000);
    await logIn(page, `${receiver.adminUrl}/console/audit`, 'viewer');
    const streams = countStreams(context);
    const tabs: Page[] = [];
    for (let at = 0; at < 7; at++) {
      const tab = await context.newPage();
      tab.setDefaultTimeout(30_000);
      await tab.goto(`${receiver.adminUrl}/console`);
      tabs.push(tab);
    }
    const failed = (tab: Page) => tab.locator('[data-live="destinations/crm/failed"]').innerText();
    const all = (value: string) =>
      eventually('every tab has the number', async () =>
        (await Promise.all(tabs.map(failed))).every((text) => text === value),
      );
    await post();
    await all('1');
    assert.equal(streams(), 1);
    await tabs.shift()!.close();
    await post();
    await all('2');
    assert.equal(streams(), 2, 'the stream of the closed tab is over');
    await context.close();
  });

  it('times are the server’s, though the browser’s clock is an hour ahead or behind', async () => {
    const id = await post();
    for (const hours of [1, -1]) {
      const { context, page } = await openWindow(browser);
      await page.clock.install({ time: Date.now() + hours * 3_600_000 });
      page.setDefaultTimeout(30_000);
      await logIn(page, `${receiver.adminUrl}/console/events/${id}`, 'viewer');
      await page.clock.runFor(11_000);
      const ago = (await page.locator('time[data-ago]').first().textContent()) ?? '';
      assert.match(ago, /^(now|\d+ s ago)/);
      assert.equal(await page.locator('time[data-ago]', { hasText: /\d (?:min|h) ago|in \d/ }).count(), 0);
      await context.close();
    }
  });

  it('two operators at once: the second is told what the first has done', async () => {
    const id = await post();
    await settled(receiver);
    const [first, second] = [await openWindow(browser), await openWindow(browser)];
    for (const { page } of [first, second]) {
      page.setDefaultTimeout(30_000);
      await logIn(page, `${receiver.adminUrl}/console/events/${id}`, 'operator');
    }
    const replay = async (page: Page) => {
      await page.locator('details.action > summary', { hasText: 'Replay' }).first().click();
      await page.getByRole('button', { name: 'Replay', exact: true }).first().click();
    };
    await replay(first.page);
    await first.page.waitForURL(/done=replayed/);
    await replay(second.page);
    await second.page.getByText('The delivery was replayed as').waitFor();
    const { deliveries } = await askAdmin<{ deliveries: readonly { replay_of: string | null }[] }>(
      receiver,
      `/admin/webhooks/${id}`,
    );
    assert.equal(deliveries.filter(({ replay_of }) => replay_of !== null).length, 1);

    await second.page.goto(`${receiver.adminUrl}/console/destinations`);
    await second.page.locator('[data-live="destinations/builds/state"]').waitFor();
    await askAdmin(receiver, '/admin/destinations/builds/hold', 'POST');
    await second.page.getByText('A destination’s state has changed.').waitFor();
    await askAdmin(receiver, '/admin/destinations/builds/resume', 'POST');
    for (const { context } of [first, second]) await context.close();
  });
});
