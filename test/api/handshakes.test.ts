import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { Verification } from '../../src/ingest/source-config.ts';
import { PROVIDERS } from '../../src/verify/index.ts';
import type { Handshake } from '../../src/verify/provider.ts';
import { exchange, rawHead } from '../../testkit/raw-http.ts';
import { postSigned, startSources } from './sources-support.ts';
import { assertProblem, post, request } from './support.ts';

type Exchange = Readonly<{
  provider: string;
  note?: string;
  secret?: string;
  publicKey?: string;
  params?: Readonly<Record<string, string>>;
  request: Readonly<{
    method: string;
    url: string;
    headers?: Readonly<Record<string, string>>;
    body?: string;
  }>;
  response: Readonly<{ status: number; headers?: Readonly<Record<string, string>>; body: string }>;
}>;

const EXCHANGES: readonly Exchange[] = JSON.parse(
  readFileSync(new URL('../data/provider-handshakes.json', import.meta.url), 'utf8'),
);

/** Their values are left out in the file; further down they have cases of their own. */
const ELIDED = ['aws-sns', 'github', 'dropbox-sign', 'adyen', 'vercel-log-drains'];
const whole = EXCHANGES.filter(({ provider }) => !ELIDED.includes(provider));
const byId = new Map(PROVIDERS.map((provider) => [provider.id, provider]));

const DISCORD_KEY = EXCHANGES.find(({ publicKey }) => publicKey !== undefined)!.publicKey!;

/** The source that an exchange is meant for; what the file says nothing of gets some value. */
function sourceOf(id: string, given: Partial<Exchange> = {}): Partial<Verification> {
  const needs = byId.get(id)?.needs ?? [];
  const asks = (option: string) => needs.some((need) => need.option === option && need.optional !== true);
  const params = needs.flatMap(({ option, optional }) =>
    option.startsWith('params.') && optional !== true ? [[option.slice(7), `a-${option.slice(7)}`]] : [],
  );
  const secret = given.secret ?? (asks('secret') ? 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' : undefined);
  return {
    provider: id,
    secrets: secret === undefined ? [] : [secret],
    publicKey: given.publicKey ?? (asks('publicKey') ? DISCORD_KEY : null),
    params: { ...Object.fromEntries(params), ...given.params },
    publicUrl: given.request?.url.split('?', 1)[0] ?? null,
  };
}

/** Asks a source for an exchange's request: path and query as they are, whatever the name of the source. */
function ask(url: string, name: string, { request: asked }: Exchange) {
  const { search } = new URL(asked.url);
  const { method, headers = {}, body } = asked;
  const hasBody = method !== 'GET' && method !== 'HEAD' && body !== undefined;
  // Without it fetch would add a content type of its own.
  const bytes = hasBody ? Buffer.from(body) : null;
  return request(`${url}/webhooks/${name}${search}`, { method, headers, body: bytes });
}

describe("providers' handshakes over HTTP", () => {
  for (const given of whole) {
    const { provider, note, response } = given;
    it(`${provider}${note === undefined ? '' : `, ${note}`}`, async (t) => {
      const { url, events, stored } = await startSources(t, { sources: { it: sourceOf(provider, given) } });
      const answer = await ask(url, 'it', given);
      assert.equal(answer.status, response.status, answer.text);
      if (given.request.method !== 'HEAD') assert.equal(answer.text, response.body);
      for (const [name, value] of Object.entries(response.headers ?? {})) {
        if (name === 'Content-Type' && response.status === 204) continue;
        assert.equal(answer.header(name), value, name);
      }
      assert.equal(answer.header('x-content-type-options'), 'nosniff');
      assert.equal(answer.header('set-cookie'), undefined);
      const [event] = events.filter(({ type }) => type === 'handshake.answered' || type === 'event.rejected');
      assert.equal(event?.type, response.status < 400 ? 'handshake.answered' : 'event.rejected');
      assert.equal((await stored('it', 'unknown'))?.id, undefined);
    });
  }

  it('answers those of the verified ones no sooner than the signature fits', async (t) => {
    const signedOnes = whole.filter((given) =>
      ['slack', 'zoom', 'discord', 'twitch', 'figma'].includes(given.provider),
    );
    assert.ok(signedOnes.length >= 5);
    for (const given of signedOnes) {
      const source = sourceOf(given.provider, given);
      const { url, store, clock } = await startSources(t, { sources: { it: source } });
      const body = given.request.body?.replace(/.$/, ' }').replace('hunter2', 'hunter3');
      const forged = { ...given, request: { ...given.request, body: body! } };
      const answer = await ask(url, 'it', forged);
      assertProblem(answer, 'unverified');
      assert.doesNotMatch(answer.text, /3eZbrw1|qgg8vlv|pogchamp|hunter/);
      await clock.advance(0);
      assert.equal((await store.stats()).events, 0);
    }
  });

  it("never answers one provider's on another's endpoint", async (t) => {
    const ids = [...new Set(whole.map(({ provider }) => provider))].filter((id) => byId.has(id));
    const sources = Object.fromEntries(ids.map((id) => [id, sourceOf(id)]));
    const { url, events } = await startSources(t, { sources });
    const answered: string[] = [];
    for (const given of whole.filter(({ request: asked }) => asked.method !== 'HEAD')) {
      for (const id of ids.filter((other) => other !== given.provider)) {
        const { status, text } = await ask(url, id, given);
        const isRefused = [401, 403, 404, 405, 503].includes(status);
        // An empty 200, as to a check of the URL with a bare GET, says nothing of the request.
        if (!isRefused && text !== '') answered.push(`${given.provider} at ${id}: ${status} ${text}`);
      }
    }
    assert.deepEqual(answered, []);
    assert.equal(events.filter(({ type }) => type === 'event.accepted').length, 0);
  });

  it('refuses a wrong verify token with 403, and tells nothing of the right one', async (t) => {
    const { url, metric } = await startSources(t, {
      sources: { meta: sourceOf('meta', { secret: 'app-secret', params: { verifyToken: 'right' } }) },
    });
    const query = (token: string) => `?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=${token}`;
    for (const token of ['', 'wrong', 'right2', 'app-secret']) {
      const answer = await request(`${url}/webhooks/meta${query(token)}`);
      assertProblem(answer, 'handshake_refused');
      assert.doesNotMatch(answer.text, /right|1158201444/);
    }
    assert.equal((await request(`${url}/webhooks/meta${query('right')}`)).text, '1158201444');
    const other = await request(`${url}/webhooks/meta${query('right').replace('subscribe', 'other')}`);
    assert.equal(other.status, 403);
    const line = 'webhook_handshakes_total{source="meta",handshake="subscription verification",outcome=';
    assert.equal(await metric(`${line}"refused"}`), 4);
    assert.equal(await metric(`${line}"answered"}`), 1);
  });

  it('leaves a GET that is no handshake to the status route, and a method that is none to 405', async (t) => {
    const { url, port } = await startSources(t, {
      sources: { meta: sourceOf('meta'), grid: sourceOf('azure-event-grid'), plain: null },
    });
    for (const path of ['meta', 'meta?hub.challenge=1', 'plain?challenge=abc', 'grid']) {
      assertProblem(await request(`${url}/webhooks/${path}`), 'not_found');
    }
    for (const name of ['meta', 'grid', 'plain']) {
      const answer = await request(`${url}/webhooks/${name}`, { method: 'OPTIONS' });
      assertProblem(answer, 'method_not_allowed');
      assert.match(answer.header('allow') ?? '', /POST/);
      const { status } = (await exchange(port, rawHead('PUT', `/webhooks/${name}`, [], 0)))!;
      assert.equal(status, 405);
    }
    assert.equal((await request(`${url}/webhooks/meta`, { method: 'HEAD' })).status, 404);
  });

  it('keeps GET /webhooks?idempotency_key for the status, whatever the default source is', async (t) => {
    const { url } = await startSources(t, { sources: { default: sourceOf('dropbox') } });
    assert.equal((await request(`${url}/webhooks?challenge=abc`)).text, 'abc');
    assertProblem(await request(`${url}/webhooks?idempotency_key=a`), 'not_found');
    assertProblem(await request(`${url}/webhooks?idempotency_key=a&challenge=abc`), 'invalid');
  });

  it('stores a ping of GitHub as an event, and answers it 200 with nothing', async (t) => {
    const { url, stored, events } = await startSources(t, {
      sources: { github: { provider: 'github', secrets: ['s3cret'] } },
    });
    const headers = { 'X-GitHub-Event': 'ping', 'X-GitHub-Delivery': 'd-1' };
    const answer = await postSigned(`${url}/webhooks/github`, {
      provider: 'github',
      secret: 's3cret',
      headers,
      body: '{"zen":"Keep it logically awesome.","hook_id":1}',
    });
    assert.deepEqual([answer.status, answer.text], [200, '']);
    assert.equal((await stored('github', 'd-1'))?.eventType, 'ping');
    assert.deepEqual(
      events.map(({ type }) => type).filter((type) => !type.startsWith('store.')),
      ['event.accepted', 'handshake.answered'],
    );
  });

  describe('of a scheme of the user', () => {
    const schemes: Verification['schemes'] = [{ alg: 'hmac', sig: { from: 'header:X-Sig' } }];
    const challenge: Handshake = {
      name: 'challenge',
      method: 'GET',
      when: { query: 'challenge' },
      signed: false,
      secretAt: 'query:token',
      secretParam: 'verifyToken',
      reply: { status: 200, body: { echo: '{query:challenge}' } },
    };
    const ping: Handshake = {
      name: 'ping',
      method: 'POST',
      when: { equals: { 'body:/type': 'ping' } },
      signed: true,
      reply: { status: 204 },
    };
    const sign = (body: string, secret: string) => ({
      'X-Sig': createHmac('sha256', secret).update(body).digest('hex'),
    });

    it('are answered as a provider’s are, signed ones once they verify', async (t) => {
      const { url, store } = await startSources(t, {
        sources: {
          own: { schemes, secrets: ['k'], params: { verifyToken: 'v' }, handshakes: [challenge, ping] },
        },
      });
      const asked = (token: string) => request(`${url}/webhooks/own?challenge=abc&token=${token}`);
      assert.deepEqual((await asked('v')).json, { echo: 'abc' });
      assertProblem(await asked('k'), 'handshake_refused');
      const body = '{"type":"ping"}';
      assertProblem(await post(`${url}/webhooks/own`, body, sign(body, 'other')), 'unverified');
      assert.equal((await post(`${url}/webhooks/own`, body, sign(body, 'k'))).status, 204);
      assert.equal((await store.stats()).events, 0);
      const event = '{"type":"made"}';
      assert.equal((await post(`${url}/webhooks/own`, event, sign(event, 'k'))).status, 202);
    });

    it('may bring the secret, until which nothing is taken', async (t) => {
      const hello: Handshake = {
        name: 'hello',
        method: 'POST',
        when: { header: 'X-Secret' },
        signed: false,
        action: { kind: 'keep-secret', from: 'header:X-Secret' },
        reply: { status: 200 },
      };
      const { url } = await startSources(t, { sources: { own: { schemes, handshakes: [hello] } } });
      const body = '{"type":"made"}';
      assertProblem(await post(`${url}/webhooks/own`, body, sign(body, 'brought')), 'keys_unavailable');
      assert.equal((await post(`${url}/webhooks/own`, '', { 'X-Secret': 'brought' })).status, 200);
      assert.equal((await post(`${url}/webhooks/own`, body, sign(body, 'brought'))).status, 202);
      assertProblem(await post(`${url}/webhooks/own`, '', { 'X-Secret': 'other' }), 'handshake_refused');
    });
  });

  it('answers nothing while the receiver stops', async (t) => {
    let isOpen = true;
    const { url } = await startSources(t, {
      sources: { dropbox: sourceOf('dropbox') },
      isOpen: () => isOpen,
    });
    isOpen = false;
    assertProblem(await request(`${url}/webhooks/dropbox?challenge=abc`), 'shutting_down');
  });

  it('echoes neither much nor line ends', async (t) => {
    const { url, port } = await startSources(t, {
      sources: { dropbox: sourceOf('dropbox'), rc: sourceOf('ringcentral') },
    });
    for (const challenge of ['a'.repeat(5000), 'a%0d%0aX-Evil:%201', '']) {
      const answer = await request(`${url}/webhooks/dropbox?challenge=${challenge}`);
      assert.notEqual(answer.status, 500);
      assert.equal(answer.header('x-evil'), undefined);
      if (answer.status === 200) assert.equal(answer.header('content-type'), 'text/plain');
      else assert.ok([403, 404].includes(answer.status), String(answer.status));
    }
    const evil = await exchange(port, rawHead('POST', '/webhooks/rc', ['Validation-Token: a\tb\x01'], 0));
    assert.ok(evil!.status >= 400, String(evil!.status));
  });
});
