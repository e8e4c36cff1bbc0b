import type { Page } from 'playwright-core';

/** How a person works: by pointer, by keyboard alone, or by pointer in a browser that runs no scripts. */
export type Way = Readonly<{
  name: string;
  hasScripts: boolean;
  /** Opens the link. */
  follow(page: Page, name: string | RegExp): Promise<void>;
  /** Unfolds the action's form. */
  unfold(page: Page, label: string): Promise<void>;
  /** Unfolds the action's form, fills it in and sends it. */
  act(page: Page, label: string, filling?: Filling): Promise<void>;
  find(page: Page, filter: string): Promise<void>;
  /** Chooses the first rows of a list, and goes on to what is done to them. */
  chooseRows(page: Page, count: number): Promise<void>;
}>;

/** What a form is filled in with: an option of a list by the list's name, and the box that confirms. */
export type Filling = Readonly<{ options?: Readonly<Record<string, string>>; isConfirmed?: boolean }>;

const CHOSEN = 'Do something to the chosen';

const byPointerOf = (name: string, hasScripts: boolean): Way => ({
  name,
  hasScripts,
  follow: (page, link) => page.getByRole('link', { name: link }).first().click(),
  async unfold(page, label) {
    const summary = page.locator('details.action > summary', { hasText: label }).first();
    if ((await summary.locator('..').getAttribute('open')) === null) await summary.click();
  },
  async act(page, label, { options = {}, isConfirmed = false } = {}) {
    await this.unfold(page, label);
    const form = page.locator('details.action[open] > form').filter({ hasText: label });
    for (const [list, option] of Object.entries(options))
      await form.locator(`select[name="${list}"]`).selectOption(option);
    if (isConfirmed) await form.getByRole('checkbox').check();
    await page.getByRole('button', { name: label, exact: true }).first().click();
  },
  async find(page, filter) {
    await page.getByRole('searchbox').fill(filter);
    await page.getByRole('button', { name: 'Find' }).click();
  },
  async chooseRows(page, count) {
    for (let at = 0; at < count; at++) await page.locator('input[name="id"]').nth(at).check();
    await page.getByRole('button', { name: CHOSEN }).click();
  },
});

export const byPointer = byPointerOf('by pointer', true);
export const withoutScripts = byPointerOf('without JavaScript', false);

type Focused = Readonly<{ text: string; name: string }>;

/** Presses Tab until what is focused fits. */
async function tabTo(page: Page, isThere: (focused: Focused) => boolean): Promise<void> {
  for (let presses = 0; presses < 200; presses++) {
    await page.keyboard.press('Tab');
    const focused = (await page.evaluate(
      "({ text: (document.activeElement?.textContent ?? '').trim(), name: document.activeElement?.name ?? '' })",
    )) as Focused;
    if (isThere(focused)) return;
  }
  throw new Error('200 presses of Tab do not reach it');
}

export const byKeyboard: Way = {
  name: 'by keyboard alone',
  hasScripts: true,
  async follow(page, link) {
    await tabTo(page, ({ text }) => (typeof link === 'string' ? text === link : link.test(text)));
    await page.keyboard.press('Enter');
  },
  async unfold(page, label) {
    await tabTo(page, ({ text }) => text === label);
    await page.keyboard.press('Enter');
  },
  async act(page, label, { options = {}, isConfirmed = false } = {}) {
    const keyed = page.locator('details[data-act]').filter({ hasText: label });
    if ((await keyed.count()) > 0) {
      await page.keyboard.press((await keyed.first().getAttribute('data-act'))!);
      await page.waitForFunction("document.activeElement?.closest('details[open]') !== null");
      // In a field Enter sends the form as well as on its button.
      await page.keyboard.press('Enter');
      return;
    }
    await this.unfold(page, label);
    for (const [list, option] of Object.entries(options)) {
      await tabTo(page, ({ name }) => name === list);
      await page.keyboard.type(option);
    }
    if (isConfirmed) {
      await tabTo(page, ({ name }) => name === 'confirm');
      await page.keyboard.press('Space');
    }
    await tabTo(page, ({ text }) => text === label);
    await page.keyboard.press('Enter');
  },
  async find(page, filter) {
    await page.keyboard.press('/');
    await page.keyboard.type(filter);
    await page.keyboard.press('Enter');
  },
  async chooseRows(page, count) {
    for (let at = 0; at < count; at++) {
      if (at > 0) await page.keyboard.press('j');
      await page.keyboard.press('x');
    }
    await tabTo(page, ({ text }) => text.startsWith(CHOSEN));
    await page.keyboard.press('Enter');
  },
};
