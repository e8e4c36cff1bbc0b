import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { logIn, openBrowser, openWindow } from '../../testkit/browser.ts';
import { consolePages } from '../../testkit/console-pages.ts';
import { type ConsoleReceiver, startAlertedReceiver } from '../../testkit/console-receiver.ts';
import { suiteCleanup } from '../../testkit/receiver.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const LOOKS = {
  light: { colorScheme: 'light', forcedColors: 'none' },
  dark: { colorScheme: 'dark', forcedColors: 'none' },
  'forced colours': { colorScheme: 'light', forcedColors: 'active' },
} as const;

type Found = Readonly<{ id: string; nodes: readonly Readonly<{ html: string; failureSummary: string }>[] }>;

async function violationsOf(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const found = (await page.evaluate(
    'axe.run(document, { resultTypes: ["violations"] }).then((r) => r.violations)',
  )) as Found[];
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
  );
}

describe('axe finds nothing on any page', { concurrency: 3 }, () => {
  const suite = suiteCleanup();
  let browser: Browser;
  let receiver: ConsoleReceiver;
  let paths: readonly string[];
  before(async () => {
    receiver = await startAlertedReceiver(suite);
    paths = await consolePages(receiver);
    browser = await openBrowser(suite);
  });

  for (const [name, media] of Object.entries(LOOKS)) {
    for (const width of [1440, 390]) {
      it(`in ${name}, ${width} pixels wide`, async () => {
        const { context, page, complaints } = await openWindow(browser, {
          viewport: { width, height: 900 },
          reducedMotion: 'reduce',
        });
        page.setDefaultTimeout(60_000);
        await page.emulateMedia(media);
        const wrong: string[] = [];
        await page.goto(`${receiver.adminUrl}/console/login`);
        wrong.push(...(await violationsOf(page)));
        await logIn(page, `${receiver.adminUrl}/console`, 'admin');
        for (const path of paths) {
          await page.goto(`${receiver.adminUrl}${path}`);
          for (const action of await page.locator('details').all())
            await action.evaluate((one) => one.setAttribute('open', ''));
          wrong.push(...(await violationsOf(page)).map((text) => `${path} ${text}`));
          const scrollWidth = (await page.evaluate('document.documentElement.scrollWidth')) as number;
          if (scrollWidth > width) wrong.push(`${path} is ${scrollWidth} pixels wide`);
        }
        await context.close();
        assert.deepEqual(wrong, []);
        assert.deepEqual(
          complaints.filter((text) => !/status of (401|404|422)/.test(text)),
          [],
        );
      });
    }
  }
});
