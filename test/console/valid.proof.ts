import assert from 'node:assert/strict';
import { it } from 'node:test';
import { HtmlValidate } from 'html-validate';
import { consolePages } from '../../testkit/console-pages.ts';
import { startAlertedReceiver, TOKENS } from '../../testkit/console-receiver.ts';

/** Matters of style, and what is meant: a region that scrolls is reached by Tab. */
const RULES = {
  'no-inline-style': 'error',
  'long-title': 'off',
  'no-trailing-whitespace': 'off',
  'void-style': 'off',
  'doctype-style': 'off',
  'attribute-boolean-style': 'off',
  'attribute-empty-style': 'off',
  'prefer-native-element': 'off',
  'tel-non-breaking': 'off',
} as const;

it('every page is valid HTML with a title of its own', async (t) => {
  const receiver = await startAlertedReceiver({ after: (clean) => t.after(clean) });
  const paths = await consolePages(receiver);
  const url = `${receiver.adminUrl}/console`;
  const login = await fetch(`${url}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'sec-fetch-site': 'same-origin',
    },
    body: new URLSearchParams({ token: TOKENS.admin, to: '/console' }),
  });
  const cookie = login.headers.getSetCookie()[0]!.split(';')[0]!;
  const validator = new HtmlValidate({ extends: ['html-validate:standard'], rules: RULES });
  const wrong: string[] = [];
  const titles = new Map<string, string>();
  for (const path of [...paths, '/console/login', '/console/logout', '/console/enter']) {
    const page = await (await fetch(`${receiver.adminUrl}${path}`, { headers: { cookie } })).text();
    titles.set(path, /<title>([^<]*)<\/title>/.exec(page)?.[1] ?? '');
    const { results } = await validator.validateString(page);
    for (const { ruleId, message, line, column } of results.flatMap(({ messages }) => messages)) {
      const around = (page.split('\n')[line - 1] ?? '').slice(Math.max(0, column - 60), column + 80);
      wrong.push(`${path} ${ruleId}: ${message} at …${around}…`);
    }
  }
  assert.deepEqual([...new Set(wrong)], []);
  const same = [...titles].filter(([path, title]) =>
    [...titles].some(([other, its]) => other !== path && its === title && !/login|logout/.test(path)),
  );
  assert.deepEqual(same, [], 'titles tell pages apart');
});
