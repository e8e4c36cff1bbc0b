import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { Browser } from 'playwright-core';
import { logIn, openBrowser, openWindow } from '../../testkit/browser.ts';
import { askAdmin, type ConsoleReceiver, startConsoleReceiver } from '../../testkit/console-receiver.ts';
import { eventually } from '../../testkit/eventually.ts';
import { suiteCleanup } from '../../testkit/receiver.ts';
import { createSeededRandom, testSeeds } from '../../testkit/seeded-random.ts';

const SEEDS = [
  '<script>window.hacked=1</script>',
  '"><img src=x onerror=window.hacked=1>',
  "' autofocus onfocus='window.hacked=1",
  '</title><svg onload=window.hacked=1>',
  '</textarea></pre></style><iframe srcdoc="<script>parent.hacked=1</script>">',
  'javascript:window.hacked=1',
  '${window.hacked=1}{{constructor.constructor("window.hacked=1")()}}',
  '<!--',
  ']]>',
  '<![CDATA[',
  '<plaintext>',
  '</body></html>',
  '<base href=//evil.example>',
  '<meta http-equiv=refresh content="0;url=//evil.example">',
  '<link rel=stylesheet href=//evil.example>',
  '&lt;script&gt;',
  '&#60;img&#62;',
  '\u202e\u2066gnp.exe',
  '\u0000\u0001\u001b[31m\u007f\u0085',
  '\ud800',
  '\ufeff\u200b',
  'a'.repeat(3000),
  '__proto__',
  'constructor',
  '%3Cscript%3E',
  '\r\nset-cookie: a=b',
  "'; DROP TABLE events; --",
  '../../../etc/passwd',
];
/** Whether a script has run, and the page is whole. */
const STATE = `({
  isHacked: window.hacked !== undefined,
  feet: document.querySelectorAll('footer.foot').length,
  mains: document.querySelectorAll('main').length,
})`;
const VALUES = 2_000;
const EVENTS = 25;

/** Values in headers and bodies of rejected requests, in reasons of operators, and in filters of operations. */
async function fillOthers(receiver: ConsoleReceiver, value: () => string): Promise<void> {
  for (let at = 0; at < 40; at++) {
    const printed = value().replaceAll(/[^ -~]/g, '');
    await fetch(`${receiver.url}/webhooks/github`, {
      method: 'POST',
      headers: {
        'content-type': `application/json; ${printed.slice(0, 100)}`,
        'x-github-event': printed.slice(0, 200) || 'x',
        'x-hub-signature-256': printed.slice(0, 100) || 'x',
        'user-agent': printed.slice(0, 300) || 'x',
      },
      body: value(),
    });
  }
  for (const name of ['crm', 'ledger']) {
    const reason = value().toWellFormed().replaceAll('\0', '').slice(0, 400);
    await askAdmin(receiver, `/admin/destinations/${name}/hold`, 'POST', { reason });
  }
  for (let at = 0; at < 10; at++) {
    const text = value()
      .toWellFormed()
      .replaceAll(/["\\\p{Cc}]/gu, '')
      .slice(0, 300);
    await askAdmin(receiver, '/admin/operations', 'POST', { kind: 'replay', q: `key:"${text}"` });
  }
}

describe('2,000 hostile values', () => {
  const suite = suiteCleanup();
  const random = createSeededRandom(testSeeds([1])[0]!);
  let receiver: ConsoleReceiver;
  let browser: Browser;
  const ids: string[] = [];
  const value = () => Array.from({ length: 1 + random.int(3) }, () => random.pick(SEEDS)).join('');
  before(async () => {
    receiver = await startConsoleReceiver(suite, {
      destinations: {
        // Errors are strangers' texts, too.
        crm: {
          sources: ['shop'],
          retry: { maxAttempts: 1 },
          handler: () => {
            throw new Error(value());
          },
        },
        ledger: {
          sources: ['shop'],
          orderBy: 'body:/payload/order',
          retry: { maxAttempts: 1 },
          onFailure: 'block',
          handler: () => {
            throw new Error(value());
          },
        },
        builds: { sources: ['github'], handler: () => {} },
      },
    });
    const perEvent = VALUES / EVENTS - 4;
    for (let at = 0; at < EVENTS; at++) {
      const payload = Object.fromEntries(
        Array.from({ length: perEvent }, (_, n) => [`${n} ${value()}`, value()]),
      );
      const text = (longest: number) => value().toWellFormed().replaceAll('\0', '').slice(0, longest);
      ids.push(
        await receiver.post('shop', {
          idempotency_key: `${at} ${text(200)}`,
          event_type: `${text(90)}` || 'x',
          payload:
            at === 0
              ? { ...payload, line: '<b>'.repeat(200_000) }
              : { ...payload, order: text(60).replaceAll(/[^ -~]/g, '?') },
        }),
      );
    }
    // What waits behind a blocked key of the other one stays.
    await eventually('crm has given up on all', async () => {
      const { pending, processing } = await askAdmin<{ pending: number; processing: number }>(
        receiver,
        '/admin/destinations/crm',
      );
      return pending + processing === 0;
    });
    await fillOthers(receiver, value);
    browser = await openBrowser(suite);
  });

  it('run no script, break no policy and no page', async (t) => {
    t.diagnostic(`TEST_SEED=${random.seed}`);
    const { page, complaints, context } = await openWindow(browser);
    page.setDefaultTimeout(60_000);
    await context.route(
      ({ hostname }) => hostname === 'evil.example',
      (route) => {
        complaints.push(`asked for ${route.request().url()}`);
        return route.abort();
      },
    );
    await logIn(page, `${receiver.adminUrl}/console`, 'admin');
    const see = async (path: string, status = 200) => {
      const answer = await page.goto(`${receiver.adminUrl}/console${path}`);
      if (status !== 0) assert.equal(answer!.status(), status, path);
      assert.deepEqual(await page.evaluate(STATE), { isHacked: false, feet: 1, mains: 1 }, path);
    };
    assert.ok(
      ids.every((id) => typeof id === 'string'),
      'every value was accepted',
    );
    const { rejected } = await askAdmin<{ rejected: readonly { id: string }[] }>(receiver, '/admin/rejected');
    assert.ok(rejected.length > 0);
    const { operations } = await askAdmin<{ operations: readonly { id: string }[] }>(
      receiver,
      '/admin/operations',
    );
    const pages = [
      ...['', '/alerts', '/events', '/events?cursor=', '/failures', '/audit', '/blocked', '/settings'],
      ...['/destinations', '/destinations/crm', '/destinations/ledger', '/sources', '/sources/shop'],
      ...['/sources/github', '/rejected', '/operations'],
      ...rejected.slice(0, 10).map(({ id }) => `/rejected/${id}`),
      ...operations.map(({ id }) => `/operations/${id}`),
    ];
    for (const path of pages) await see(path);
    // Actions show what they made, and what they refuse.
    await page.goto(`${receiver.adminUrl}/console/rejected/${rejected[0]!.id}`);
    await page.locator('details.action > summary', { hasText: 'Verify it again' }).click();
    await page.getByRole('button', { name: 'Verify it again', exact: true }).click();
    await page.getByText('It was rejected again').waitFor();
    await page.goto(`${receiver.adminUrl}/console/events/${ids[1]}`);
    await page.locator('details.action > summary', { hasText: 'Reveal' }).click();
    await page.getByRole('button', { name: 'Reveal', exact: true }).click();
    await page.getByText('without masks').waitFor();
    for (const id of ids) await see(`/events/${id}`);
    for (const text of SEEDS) {
      const q = encodeURIComponent(
        `key:"${text
          .toWellFormed()
          .replaceAll(/["\\\0]/g, '')
          .slice(0, 300)}"`,
      );
      // Some are mistakes in a filter.
      await see(`/events?q=${q}&done=${encodeURIComponent(text.toWellFormed())}`, 0);
    }
    assert.equal(await page.evaluate('window.hacked === undefined'), true);
    assert.deepEqual(
      complaints.filter((text) => !/status of (401|422)/.test(text)),
      [],
    );
  });
});
