import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { logIn, openBrowser, openWindow } from '../../testkit/browser.ts';
import {
  askAdmin,
  type ConsoleReceiver,
  settled,
  startConsoleReceiver,
} from '../../testkit/console-receiver.ts';
import { eventually } from '../../testkit/eventually.ts';
import { suiteCleanup } from '../../testkit/receiver.ts';

type Shown = Readonly<{
  origin: string;
  erased_at?: string;
  deliveries: readonly Readonly<{ destination: string; status: string; replay_of: string | null }>[];
}>;

describe('many at once, in the console', () => {
  const suite = suiteCleanup();
  let receiver: ConsoleReceiver;
  let page: Page;
  let complaints: string[];
  const ids: string[] = [];
  before(async () => {
    receiver = await startConsoleReceiver(suite);
    for (let at = 0; at < 6; at++) {
      const event = {
        idempotency_key: `n-${at}`,
        event_type: 'order.created',
        payload: { order: String(at) },
      };
      ids.push(await receiver.post('shop', event));
    }
    await settled(receiver);
    ({ page, complaints } = await openWindow(await openBrowser(suite)));
    page.setDefaultTimeout(30_000);
    await logIn(page, `${receiver.adminUrl}/console`, 'admin');
  });
  const open = (path: string) => page.goto(`${receiver.adminUrl}/console${path}`);
  const act = async (label: string, done: string) => {
    const summary = page.locator('details.action > summary', { hasText: label }).first();
    if ((await summary.locator('..').getAttribute('open')) === null) await summary.click();
    await page.getByRole('button', { name: label, exact: true }).first().click();
    await page.waitForURL(new RegExp(`done=${done}`));
  };
  const event = (id: string) => askAdmin<Shown>(receiver, `/admin/webhooks/${id}`);
  const isState = (state: string) =>
    eventually(`the operation is ${state}`, async () => {
      await page.reload();
      return (await page.locator('h1').innerText()).includes(state);
    });

  it('rows are chosen by x, and two failures are replayed', async () => {
    await open('/failures?destination=crm');
    for (const key of ['x', 'j', 'x']) await page.keyboard.press(key);
    assert.equal(await page.locator('input[data-choose]:checked').count(), 2);
    await page.getByRole('button', { name: 'Do something to the chosen' }).click();
    const filter = await page.getByLabel('Filter').inputValue();
    assert.match(filter, /^id:[0-9a-f-]{36},[0-9a-f-]{36} status:failed destination:crm$/);
    await act('Plan', 'planned');
    await isState('planned');
    receiver.heal();
    await act('Run', 'started');
    await isState('completed');
    await settled(receiver);
    const chosen = filter.slice(3, 76).split(',');
    for (const id of chosen) {
      const { deliveries } = await event(id);
      const replays = deliveries.filter(({ replay_of }) => replay_of !== null);
      assert.deepEqual(
        replays.map(({ destination, status }) => `${destination} ${status}`),
        ['crm completed'],
      );
    }
  });

  it('the failures of the night are replayed while the destination is held, watched, and taken back', async () => {
    await askAdmin(receiver, '/admin/destinations/crm/hold', 'POST');
    await open('/failures');
    await page.getByRole('link', { name: 'Replay these' }).first().click();
    await act('Plan', 'planned');
    await isState('planned');
    await act('Run', 'started');
    await isState('completed');
    assert.match(await page.locator('main').innerText(), /replayed 4/);
    await act('Take back', 'taking_back');
    await isState('taken back');
    assert.match(await page.locator('main').innerText(), /taken_back 4/);
    await askAdmin(receiver, '/admin/destinations/crm/resume', 'POST');
    await settled(receiver);
    const { deliveries } = await askAdmin<{ deliveries: readonly object[] }>(receiver, '/admin/dead-letters');
    assert.equal(deliveries.length, 4, 'they are dead letters again');
  });

  it('a slow one is cancelled on its way', async () => {
    await open(`/operations?q=${encodeURIComponent('status:failed destination:crm')}`);
    await page.getByLabel('Rate').fill('1/s');
    await act('Plan', 'planned');
    await isState('planned');
    await act('Run', 'started');
    await act('Cancel', 'cancelled');
    await isState('cancelled');
  });

  it('one event is sent to another destination, and erased', async () => {
    await settled(receiver);
    await open(`/events/${ids[0]}`);
    await page.locator('details.action > summary', { hasText: 'Send to another destination' }).click();
    await page.locator('select[name="to"]').selectOption('builds');
    await page.getByRole('button', { name: 'Send to another destination' }).click();
    await isState('planned');
    await act('Run', 'started');
    await isState('completed');
    await settled(receiver);
    assert.equal(
      (await event(ids[0]!)).deliveries.some(({ destination }) => destination === 'builds'),
      true,
    );
    await open(`/events/${ids[0]}`);
    await page.locator('details.action > summary', { hasText: 'Erase' }).click();
    await page.getByLabel('It cannot be undone').check();
    await page.getByRole('button', { name: 'Erase', exact: true }).click();
    await page.waitForURL(/done=erased/);
    assert.notEqual((await event(ids[0]!)).erased_at, undefined);
  });

  it('a test goes to the destination that is chosen, and is refused without the tick', async () => {
    await open('/sources/github');
    await page.locator('details.action > summary', { hasText: 'Send a test' }).click();
    await page.locator('select[name="destination"]').selectOption('warehouse');
    await page.evaluate("document.querySelector('input[name=confirm]').required = false");
    await page.getByRole('button', { name: 'Send a test' }).click();
    await page.getByText('this has to be confirmed').waitFor();
    await open('/sources/github');
    await page.locator('details.action > summary', { hasText: 'Send a test' }).click();
    await page.locator('select[name="destination"]').selectOption('warehouse');
    await page.getByLabel('The destination may take a test').check();
    await page.getByRole('button', { name: 'Send a test' }).click();
    await page.waitForURL(/events\/[0-9a-f-]{36}\?done=tested/);
    const { origin, deliveries } = await event(/events\/([0-9a-f-]{36})/.exec(page.url())![1]!);
    assert.deepEqual([origin, deliveries.map(({ destination }) => destination)], ['test', ['warehouse']]);
  });

  it('the browser has nothing to complain of', () => {
    assert.deepEqual(
      complaints.filter((text) => !/status of (401|422)/.test(text)),
      [],
    );
  });
});
