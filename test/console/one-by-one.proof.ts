import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { logIn, openBrowser, openWindow } from '../../testkit/browser.ts';
import {
  askAdmin,
  type ConsoleReceiver,
  settled,
  startConsoleReceiver,
} from '../../testkit/console-receiver.ts';
import { byKeyboard, withoutScripts } from '../../testkit/console-ways.ts';
import { eventually } from '../../testkit/eventually.ts';
import { suiteCleanup } from '../../testkit/receiver.ts';

type Shown = Readonly<{
  origin: string;
  erased_at?: string;
  deliveries: readonly Readonly<{ destination: string; status: string }>[];
}>;

/** By pointer: bulk.proof.ts. */
describe('tests, routes, erasures and chosen rows', () => {
  const suite = suiteCleanup();
  let browser: Browser;
  before(async () => {
    browser = await openBrowser(suite);
  });

  for (const way of [byKeyboard, withoutScripts]) {
    describe(way.name, () => {
      const own: (() => Promise<void>)[] = [];
      after(async () => {
        for (const clean of own.toReversed()) await clean();
      });
      let receiver: ConsoleReceiver;
      let page: Page;
      let complaints: string[];
      const ids: string[] = [];
      before(async () => {
        receiver = await startConsoleReceiver({ after: (clean) => void own.push(clean) });
        for (let at = 0; at < 3; at++) {
          const payload = { order: String(at) };
          const event = { idempotency_key: `o-${at}`, event_type: 'order.created', payload };
          ids.push(await receiver.post('shop', event));
        }
        await settled(receiver);
        const window = await openWindow(browser, { javaScriptEnabled: way.hasScripts });
        own.push(() => window.context.close());
        ({ page, complaints } = window);
        page.setDefaultTimeout(30_000);
        await logIn(page, `${receiver.adminUrl}/console`, 'admin');
      });
      const open = (path: string) => page.goto(`${receiver.adminUrl}/console${path}`);
      const event = (id: string) => askAdmin<Shown>(receiver, `/admin/webhooks/${id}`);
      const isState = (state: string) =>
        eventually(`the operation is ${state}`, async () => {
          await page.reload();
          return (await page.locator('h1').innerText()).includes(state);
        });

      const runPlanned = async () => {
        await page.waitForURL(/done=planned/);
        await isState('planned');
        await way.act(page, 'Run');
        await page.waitForURL(/done=started/);
        await isState('completed');
        await settled(receiver);
      };

      it('a test is sent to the destination that is chosen', async () => {
        await open('/sources/github');
        await way.act(page, 'Send a test', { options: { destination: 'warehouse' }, isConfirmed: true });
        await page.waitForURL(/events\/[0-9a-f-]{36}\?done=tested/);
        const { origin, deliveries } = await event(/events\/([0-9a-f-]{36})/.exec(page.url())![1]!);
        assert.deepEqual([origin, deliveries.map((one) => one.destination)], ['test', ['warehouse']]);
      });

      it('an event is sent to another destination', async () => {
        await open(`/events/${ids[0]}`);
        await way.act(page, 'Send to another destination', { options: { to: 'builds' } });
        await runPlanned();
        const { deliveries } = await event(ids[0]!);
        assert.equal(
          deliveries.some(({ destination, status }) => `${destination} ${status}` === 'builds completed'),
          true,
        );
      });

      it('rows are chosen, and their failures are replayed', async () => {
        receiver.heal();
        await open('/failures?destination=crm');
        await way.chooseRows(page, ids.length);
        await page.waitForURL(/\/operations\?/);
        const filter = await page.getByLabel('Filter').inputValue();
        assert.match(filter, /^id:[0-9a-f-]{36}(?:,[0-9a-f-]{36}){2} status:failed destination:crm$/);
        await way.act(page, 'Plan');
        await runPlanned();
        const { deliveries } = await askAdmin<Shown>(receiver, '/admin/dead-letters?destination=crm');
        assert.deepEqual(deliveries, []);
      });

      it('an event is erased, and not without the box', async () => {
        await open(`/events/${ids[0]}`);
        await way.act(page, 'Erase');
        assert.equal((await event(ids[0]!)).erased_at, undefined);
        await open(`/events/${ids[0]}`);
        await way.act(page, 'Erase', { isConfirmed: true });
        await page.waitForURL(/done=erased/);
        assert.notEqual((await event(ids[0]!)).erased_at, undefined);
      });

      it('the browser has nothing to complain of', () => {
        assert.deepEqual(
          complaints.filter((text) => !/status of (401|422)/.test(text)),
          [],
        );
      });
    });
  }
});
