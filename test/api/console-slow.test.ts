import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '../../testkit/fake-clock.ts';
import { request, startApi } from './support.ts';

const TOKEN = 'the token of an operator';
const FORM = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' };

/** A store that answers nothing, ever; `asked` names what it was asked. */
function silentStore() {
  const asked: string[] = [];
  const call = (name: string) => () => {
    asked.push(name);
    return new Promise(() => {});
  };
  const get = (_: object, name: string | symbol) => (typeof name === 'string' ? call(name) : undefined);
  const store = new Proxy({}, { get });
  return { store, asked };
}

describe('a store that does not answer', () => {
  const setUp = async (t: Parameters<typeof startApi>[0]) => {
    const clock = createFakeClock();
    const { store, asked } = silentStore();
    const tokens = [{ name: 'ann', role: 'operator', token: TOKEN }] as const;
    const { url } = await startApi(t, { store: store as never, tokens: tokens as never, clock });
    const login = await request(`${url}/console/login`, {
      method: 'POST',
      headers: FORM,
      body: new URLSearchParams({ token: TOKEN, to: '/console' }).toString(),
      redirect: 'manual',
    } as never);
    const cookie = (login.header('set-cookie') ?? '').split(';')[0]!;
    /** The page, once the reader has waited for as long as a page lets wait. */
    const late = async (path: string) => {
      const before = asked.length;
      const answer = request(`${url}/console${path}`, { headers: { cookie } });
      while (asked.length === before) await new Promise(setImmediate);
      await clock.advance(1_900);
      return answer;
    };
    return { late };
  };

  it('keeps no page back for more than 1.9 s: it shows what it has, and says what is not known', async (t) => {
    const { late } = await setUp(t);
    const overview = await late('');
    assert.equal(overview.status, 200);
    assert.match(overview.text, /Not all is known: the store has not answered in time/);
    assert.match(overview.text, /title="not known">–</);
    assert.doesNotMatch(overview.text, /Nothing that is known here/);
    const found = await late('/events?q=status:failed');
    assert.equal(found.status, 503);
    assert.match(found.text, /value="status:failed"/, 'the filter stays');
    assert.match(found.text, /Ask again/);
    for (const path of ['/rejected', '/audit', '/failures', '/blocked', '/operations']) {
      const page = await late(path);
      assert.equal(page.status, 503, path);
      assert.match(page.text, /The store has not answered/, path);
      assert.match(page.text, /<nav class="places"/, `${path} is in the frame of the others`);
    }
  });
});
