import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { logIn, openBrowser, openWindow } from '../../testkit/browser.ts';
import {
  askAdmin,
  type ConsoleReceiver,
  settled,
  startAlertedReceiver,
} from '../../testkit/console-receiver.ts';
import { byKeyboard, byPointer, withoutScripts } from '../../testkit/console-ways.ts';
import { eventually } from '../../testkit/eventually.ts';
import { suiteCleanup } from '../../testkit/receiver.ts';

const WAYS = [byPointer, byKeyboard, withoutScripts];

describe('the console, in Chromium', () => {
  const suite = suiteCleanup();
  let browser: Browser;
  before(async () => {
    browser = await openBrowser(suite);
  });

  for (const way of WAYS) {
    describe(way.name, () => {
      const own: (() => Promise<void>)[] = [];
      after(async () => {
        for (const clean of own.toReversed()) await clean();
      });
      let receiver: ConsoleReceiver;
      let page: Page;
      let complaints: string[];
      before(async () => {
        receiver = await startAlertedReceiver({ after: (clean) => void own.push(clean) });
        const window = await openWindow(browser, { javaScriptEnabled: way.hasScripts });
        own.push(() => window.context.close());
        ({ page, complaints } = window);
        page.setDefaultTimeout(60_000);
      });
      const open = (path: string) => page.goto(`${receiver.adminUrl}/console${path}`);
      const ends = (path: string | RegExp) =>
        page.waitForURL(typeof path === 'string' ? `${receiver.adminUrl}${path}` : path);

      it('a link opens its page after a log-in', async () => {
        await page.goto(`${receiver.adminUrl}/console/events?q=since%3A1h`);
        await page.getByLabel('Token').fill('operator-token-of-the-tests');
        await page.getByLabel('Token').press('Enter');
        await ends('/console/events?q=since%3A1h');
      });

      it('a blocked key is released', async () => {
        for (const at of [1, 2]) {
          const payload = { order: `b-${at}`, customer: 'cus_1' };
          await receiver.post('shop', {
            idempotency_key: `b-${at}`,
            event_type: 'payment.captured',
            payload,
          });
        }
        const blocked = async () =>
          (await askAdmin<{ blocked: readonly { waiting: number }[] }>(receiver, '/admin/blocked-keys'))
            .blocked;
        await eventually('a key is blocked', async () => (await blocked())[0]?.waiting === 1);
        await open('');
        await way.follow(page, 'Blocked keys');
        await ends('/console/blocked');
        await way.act(page, 'Release');
        await ends('/console/blocked?done=released');
        await eventually('the next delivery had its turn', async () => (await blocked())[0]?.waiting === 0);
      });

      it('an event is found by a customer’s order, read and replayed', async () => {
        const post = (order: string) =>
          receiver.post('shop', {
            idempotency_key: `k-${order}`,
            event_type: 'order.created',
            payload: { order, note: 'Grüße' },
          });
        const [id] = [await post('4711'), await post('4712')];
        await settled(receiver);
        await open('');
        await way.find(page, 'search:order=4711');
        await ends('/console/events?q=search%3Aorder%3D4711');
        await way.follow(page, id!);
        await ends(`/console/events/${id}`);
        assert.match(await page.locator('[data-tree]').first().innerText(), /Grüße/);
        assert.match(await page.locator('.timeline').innerText(), /given up after 1 attempt/);
        receiver.heal();
        await way.act(page, 'Replay');
        await ends(/done=replayed/);
        await page.getByRole('status').filter({ hasText: 'Replayed' }).waitFor();
        await settled(receiver);
        const event = await askAdmin<{
          deliveries: readonly { destination: string; status: string; replay_of: string | null }[];
        }>(receiver, `/admin/webhooks/${id}`);
        const replays = event.deliveries.filter(({ replay_of }) => replay_of !== null);
        assert.deepEqual(
          replays.map(({ destination, status }) => [destination, status]),
          [['crm', 'completed']],
        );
      });

      it('a destination is held and resumed', async () => {
        await open('/destinations/builds');
        await way.act(page, 'Hold');
        await ends('/console/destinations/builds?done=held');
        assert.match(await page.locator('h1').innerText(), /held/);
        await way.act(page, 'Resume');
        await ends('/console/destinations/builds?done=resumed');
        const rows = await askAdmin<{ audit: readonly { action: string; actor: string }[] }>(
          receiver,
          '/admin/audit?target=builds',
        );
        assert.deepEqual(
          rows.audit.map(({ action, actor }) => `${actor} ${action}`),
          ['operator destination.resume', 'operator destination.hold'],
        );
      });

      it('an alert is acknowledged', async () => {
        await open('');
        await way.follow(page, 'Alerts');
        await ends('/console/alerts');
        await way.act(page, 'Acknowledge');
        await ends('/console/alerts?done=acked');
        assert.match(await page.locator('main').innerText(), /by operator/);
        const { alerts } = await askAdmin<{ alerts: readonly { acked_by: string | null }[] }>(
          receiver,
          '/admin/alerts',
        );
        assert.deepEqual(
          alerts.map(({ acked_by }) => acked_by),
          ['operator'],
        );
      });

      it('a rejected request is verified again, and stays while it fails', async () => {
        assert.equal(await receiver.postGithub('push', { n: 1 }, 'a wrong secret'), 401);
        const kept = async () =>
          (await askAdmin<{ rejected: readonly object[] }>(receiver, '/admin/rejected')).rejected.length > 0;
        await eventually('the request is kept', kept);
        await open('/rejected');
        await way.follow(page, /^[0-9a-f]{8}-[0-9a-f-]{27}$/);
        await ends(/\/rejected\/[0-9a-f-]{36}$/);
        await way.act(page, 'Verify it again');
        await page.getByText('It was rejected again').waitFor();
      });

      it('a viewer is refused by role, and sees no form', async () => {
        const viewer = await openWindow(browser, { javaScriptEnabled: way.hasScripts });
        try {
          await logIn(viewer.page, `${receiver.adminUrl}/console/destinations/crm`, 'viewer');
          await viewer.page.getByText('Hold: takes the role operator').waitFor();
          assert.equal(await viewer.page.getByRole('button', { name: 'Hold' }).count(), 0);
        } finally {
          await viewer.context.close();
        }
      });

      it('a log-out ends the session of this browser', async () => {
        await open('');
        if (way === byKeyboard) await way.follow(page, 'Log out');
        else await page.getByRole('button', { name: 'Log out' }).click();
        await page.getByText('have the token rotated').waitFor();
        const answer = await open('/events');
        assert.equal(answer!.status(), 401);
      });

      it('the browser has nothing to complain of', () => {
        assert.deepEqual(
          complaints.filter((text) => !/status of 40[13]/.test(text)),
          [],
        );
      });
    });
  }
});
