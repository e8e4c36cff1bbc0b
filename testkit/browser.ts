import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core';
import { TOKENS, type TokenRole } from './console-receiver.ts';
import { findOnPath } from './on-path.ts';
import type { Cleanup } from './receiver.ts';

/** The program that Debian's package `chromium` installs. */
export const CHROMIUM = 'chromium';

/** A real browser, without a screen. */
export async function openBrowser(t: Cleanup): Promise<Browser> {
  const executablePath = findOnPath(CHROMIUM);
  if (executablePath === null) throw new Error('chromium is not on the PATH');
  // Root may not use the browser's own sandbox; the pages are ours.
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
  t.after(() => browser.close());
  return browser;
}

/** Complaints of a page: exceptions, violations of its policy, and what its console says of errors. */
export type Complaints = string[];

/** A window of its own: no session, no cookies. */
export async function openWindow(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<Readonly<{ context: BrowserContext; page: Page; complaints: Complaints }>> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: Complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return { context, page, complaints };
}

/** Logs in as a person would, and lands on the page that was asked for. */
export async function logIn(page: Page, url: string, role: TokenRole): Promise<void> {
  await page.goto(url);
  await page.getByLabel('Token').fill(TOKENS[role]);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('navigation', { name: 'Pages', exact: true }).waitFor();
}
