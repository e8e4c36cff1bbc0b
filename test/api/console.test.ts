import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import {
  type ConsoleReceiver,
  GITHUB_SECRET,
  startConsoleReceiver,
  TOKENS,
} from '../../testkit/console-receiver.ts';
import { startReceiver, suiteCleanup, type TestReceiver } from '../../testkit/receiver.ts';
import { request } from './support.ts';

const SAME = { 'sec-fetch-site': 'same-origin' };
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

type Answer = Awaited<ReturnType<typeof request>>;

const postForm = (
  url: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = SAME,
) =>
  request(url, {
    method: 'POST',
    headers: { ...FORM, ...headers },
    body: new URLSearchParams(fields).toString(),
    redirect: 'manual',
  } as never);

/** The pair of a cookie, as a browser sends it back. */
function cookieOf(answer: Answer): string {
  return (answer.header('set-cookie') ?? '').split(';')[0]!;
}

async function logIn({ adminUrl }: TestReceiver, token: string): Promise<string> {
  const answer = await postForm(`${adminUrl}/console/login`, { token, to: '/console' });
  assert.equal(answer.status, 303, answer.text);
  return cookieOf(answer);
}

describe('the console', () => {
  let receiver: ConsoleReceiver;
  let cookie: string;
  const suite = suiteCleanup();
  before(async () => {
    receiver = await startConsoleReceiver(suite);
    cookie = await logIn(receiver, TOKENS.admin);
  });
  const get = (path: string, headers: Readonly<Record<string, string>> = {}) =>
    request(`${receiver.adminUrl}${path}`, { headers, redirect: 'manual' } as never);

  it('asks whoever has no session for a token, at the address that was asked for', async () => {
    const answer = await get('/console/events?q=status:failed');
    assert.equal(answer.status, 401);
    assert.match(answer.header('content-type') ?? '', /^text\/html/);
    assert.match(answer.text, /name="to" value="\/console\/events\?q=status:failed"/);
  });

  it('takes a token once, for a cookie of twelve hours that no script sees, and goes on to the page', async () => {
    const answer = await postForm(`${receiver.adminUrl}/console/login`, {
      token: TOKENS.viewer,
      to: '/console/events?q=a',
    });
    assert.equal(answer.status, 303);
    assert.equal(answer.header('location'), '/console/events?q=a');
    assert.match(
      answer.header('set-cookie') ?? '',
      /^console-session\d+=[\w.-]+; Path=\/console; HttpOnly; SameSite=Lax; Max-Age=43200$/,
    );
    assert.equal((await get('/console', { cookie: cookieOf(answer) })).status, 200);
  });

  it('refuses a wrong token, and tells nothing of it', async () => {
    const answer = await postForm(`${receiver.adminUrl}/console/login`, {
      token: 'wrong-token-of-nobody',
      to: '/console',
    });
    assert.equal(answer.status, 401);
    assert.equal(answer.header('set-cookie'), undefined);
    assert.doesNotMatch(answer.text, /wrong-token-of-nobody/);
  });

  it('refuses what changes something and does not come from its own pages', async () => {
    const url = `${receiver.adminUrl}/console/destinations/crm/hold`;
    for (const headers of [
      {},
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'none' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
    ]) {
      assert.equal(
        (await postForm(url, {}, { cookie, ...headers } as never)).status,
        403,
        JSON.stringify(headers),
      );
      const login = await postForm(
        `${receiver.adminUrl}/console/login`,
        { token: TOKENS.admin },
        headers as never,
      );
      assert.equal(login.status, 403);
    }
    const own = await postForm(url, { reason: 'a test' }, { cookie, origin: receiver.adminUrl });
    assert.equal(own.header('location'), '/console/destinations/crm?done=held');
    await postForm(`${receiver.adminUrl}/console/destinations/crm/resume`, {}, { cookie, ...SAME });
  });

  it('sends every page with a policy that lets nothing in, and keeps none', async () => {
    for (const path of ['/console', '/console/login', '/console/nowhere', '/console/events?q=stat:x']) {
      const answer = await get(path, { cookie });
      const policy = answer.header('content-security-policy') ?? '';
      for (const part of [
        "default-src 'none'",
        "script-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
      ]) {
        assert.ok(policy.includes(part), `${path}: ${part}`);
      }
      assert.equal(answer.header('cache-control'), 'no-store', path);
      assert.equal(answer.header('referrer-policy'), 'no-referrer', path);
      assert.equal(answer.header('x-content-type-options'), 'nosniff', path);
    }
  });

  it('serves its scripts and styles for ever under the hash of them', async () => {
    const page = await get('/console', { cookie });
    const [, url] = /href="(\/console\/assets\/\w+\/console\.css)"/.exec(page.text)!;
    const asset = await get(url!);
    assert.equal(asset.status, 200);
    assert.match(asset.header('cache-control') ?? '', /immutable/);
    assert.equal((await get(url!, { 'if-none-match': asset.header('etag')! })).status, 304);
    assert.equal(
      (await get(url!.replace(/assets\/\w+/, 'assets/of-another-version'))).header('cache-control'),
      'no-cache',
    );
    assert.equal((await get('/console/assets/x/..%2fconsole.ts')).status, 404);
  });

  it('refuses by role what the API refuses, and the audit has both', async () => {
    const viewer = await logIn(receiver, TOKENS.viewer);
    const url = `${receiver.adminUrl}/console/destinations/crm/hold`;
    const refused = await postForm(url, {}, { cookie: viewer, ...SAME });
    assert.equal(refused.status, 403);
    assert.match(refused.text, /takes the role operator/);
    const audit = await get('/console/audit?action=destination.hold', { cookie: viewer });
    assert.match(audit.text, /refused: forbidden/);
  });

  it('ends the session of a browser at a log-out', async () => {
    const answer = await postForm(`${receiver.adminUrl}/console/logout`, {}, { cookie, ...SAME });
    assert.match(answer.header('set-cookie') ?? '', /Max-Age=0$/);
    assert.match((await get('/console/logout')).text, /have the token rotated/);
  });

  it('shows the configuration in effect as the API and the command do, without secrets', async () => {
    const authorization = `Bearer ${TOKENS.viewer}`;
    const { text } = await request(`${receiver.adminUrl}/admin/config`, { headers: { authorization } });
    const { config } = JSON.parse(text) as { config: { sources: { name: string }[]; http: object } };
    assert.deepEqual(
      config.sources.map(({ name }) => name),
      ['default', 'shop', 'github'],
    );
    const page = (await get('/console/settings', { cookie })).text;
    assert.match(page, /<bdi>http\.maxBodyBytes<\/bdi>/);
    for (const secret of [...Object.values(TOKENS), GITHUB_SECRET]) {
      assert.equal(text.includes(secret), false);
      assert.equal(page.includes(secret), false);
    }
  });

  it('does nothing for a session that is over, and leads to the form again', async () => {
    const answer = await postForm(`${receiver.adminUrl}/console/destinations/builds/hold`, {});
    assert.equal(answer.status, 401);
    assert.match(answer.text, /what you sent was not done/);
    assert.match(answer.text, /name="to" value="\/console\/destinations\/builds"/);
    const page = await get('/console/destinations/builds', { cookie });
    assert.doesNotMatch(page.text, /Held by an operator/);
  });

  it('takes an address with a slash at its end', async () => {
    const answer = await get('/console/events/?q=a', { cookie });
    assert.deepEqual([answer.status, answer.header('location')], [308, '/console/events?q=a']);
    assert.equal((await get('/console/', { cookie })).header('location'), '/console');
  });

  it('shows pages of errors in its own frame', async () => {
    const answer = await get('/console/events/00000000-0000-7000-8000-000000000000', { cookie });
    assert.equal(answer.status, 404);
    assert.match(answer.text, /No event of that id is kept here/);
    assert.match(answer.text, /<nav class="places"/);
  });
});

it('the console is off until a token is set', async (t) => {
  const { url } = await startReceiver(t);
  for (const path of ['/console', '/console/login', '/console/events']) {
    assert.equal((await request(`${url}${path}`)).status, 404, path);
  }
});

it('the cookie is for https alone where PUBLIC_URL is, whatever a request says', async (t) => {
  const token = 'a-token-of-the-console-test';
  const env = { ADMIN_TOKEN: token, PUBLIC_URL: 'https://hooks.example' };
  const { url } = await startReceiver(t, { env });
  const answer = await postForm(`${url}/console/login`, { token }, { origin: 'https://hooks.example' });
  assert.match(
    answer.header('set-cookie') ?? '',
    /^__Host-console-session=[^;]+; Path=\/; Secure; HttpOnly; SameSite=Lax;/,
  );
  const plain = await startReceiver(t, { env: { ADMIN_TOKEN: token } });
  const forwarded = await postForm(
    `${plain.url}/console/login`,
    { token },
    { ...SAME, 'x-forwarded-proto': 'https' },
  );
  assert.doesNotMatch(forwarded.header('set-cookie') ?? '', /Secure|__Host/);
});

it('with ADMIN_PORT the console is on the listener for operators alone', async (t) => {
  const env = { ADMIN_TOKEN: 'a-token-of-the-console-test', ADMIN_PORT: '0' };
  const { url, adminUrl } = await startReceiver(t, { env });
  assert.equal((await request(`${url}/console`)).status, 404);
  assert.equal((await request(`${url}/console/login`)).status, 404);
  assert.equal((await request(`${adminUrl}/console`)).status, 401);
});
