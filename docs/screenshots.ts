// npm run screenshots: the pictures of the console, of a receiver that is filled for them.

import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { logIn, openBrowser, openWindow } from '../testkit/browser.ts';
import { consolePages } from '../testkit/console-pages.ts';
import { startAlertedReceiver } from '../testkit/console-receiver.ts';

const FOLDER = path.join(import.meta.dirname, 'pictures');
/** What the pages show of the pictures. */
const SHOWN: Readonly<Record<string, RegExp>> = {
  overview: /^\/console$/,
  event: /^\/console\/events\/[\w-]+$/,
  events: /^\/console\/events$/,
  destination: /^\/console\/destinations\/\w+$/,
};

const LOOKS: Readonly<Record<string, readonly ('light' | 'dark')[]>> = {
  overview: ['light', 'dark'],
  event: ['light', 'dark'],
};

const cleaning: (() => Promise<void>)[] = [];
const t = { after: (clean: () => Promise<void>) => void cleaning.push(clean) };
try {
  mkdirSync(FOLDER, { recursive: true });
  const receiver = await startAlertedReceiver(t);
  const paths = await consolePages(receiver);
  const { page } = await openWindow(await openBrowser(t), {
    reducedMotion: 'reduce',
    viewport: { width: 1280, height: 800 },
  });
  page.setDefaultTimeout(60_000);
  await logIn(page, `${receiver.adminUrl}/console`, 'admin');
  for (const [name, pattern] of Object.entries(SHOWN)) {
    await page.goto(`${receiver.adminUrl}${paths.find((one) => pattern.test(one))!}`);
    for (const colorScheme of LOOKS[name] ?? (['light'] as const)) {
      await page.emulateMedia({ colorScheme });
      const file = path.join(FOLDER, `${name}-${colorScheme}.png`);
      await page.screenshot({ path: file });
      process.stdout.write(`${file}\n`);
    }
  }
} finally {
  for (const clean of cleaning.toReversed()) await clean();
}
