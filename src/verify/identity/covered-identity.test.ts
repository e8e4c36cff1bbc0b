import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import { findProvider, identify, PROVIDERS, verifyWebhook } from '../index.ts';
import { leastReplayWindow } from './replay-window.ts';

/** What names an event must be read where it was signed. */

const NOW_S = 1_760_000_000;
const KEY = Buffer.alloc(32, 5);
const WHSEC = `whsec_${KEY.toString('base64')}`;
const BODY = '{"type":"a"}';
const FORM = 'application/x-www-form-urlencoded';

function standardHeaders(name: string): Record<string, string> {
  const mac = createHmac('sha256', KEY).update(`a.${NOW_S}.${BODY}`).digest('base64');
  return { [`${name}-id`]: 'a', [`${name}-timestamp`]: String(NOW_S), [`${name}-signature`]: `v1,${mac}` };
}

const take = (provider: string, secret: string, headers: Record<string, string>, body: string) =>
  verifyWebhook({
    provider,
    secret,
    headers,
    body: Buffer.from(body),
    now: NOW_S * 1000,
    url: 'https://h.example/in',
  });

describe('the id of a Svix event', () => {
  it('is the one that was signed, by whichever name', async () => {
    for (const name of ['svix', 'webhook']) {
      const result = await take('svix', WHSEC, standardHeaders(name), BODY);
      assert.deepEqual(result, { ok: true, provider: 'svix', idempotencyKey: 'a', eventType: 'a' });
    }
  });

  it('is none where another stands beside the signed one', async () => {
    for (const more of ['svix-id', 'Svix-Timestamp', 'svix-signature', 'svix-x']) {
      const result = await take('svix', WHSEC, { ...standardHeaders('webhook'), [more]: 'F1' }, BODY);
      assert.equal(result.ok, false, more);
    }
    const both = await take('svix', WHSEC, { ...standardHeaders('svix'), 'webhook-id': 'F1' }, BODY);
    assert.deepEqual(both, { ok: true, provider: 'svix', idempotencyKey: 'a', eventType: 'a' });
  });
});

describe('a body', () => {
  const mac = createHmac('sha256', 'k').update(`${NOW_S}tok`).digest('hex');
  const fields = `signature=${mac}&timestamp=${NOW_S}&token=tok`;
  const forged = `{"event-data":{"id":"F1"},"signature":{"timestamp":1,"token":"t1"},"x":"&${fields}&z="}`;

  it('is a form or JSON, and never both', async () => {
    const plain = await take('mailgun', 'k', { 'content-type': FORM }, fields);
    assert.equal(plain.ok && plain.idempotencyKey, `${NOW_S}tok`);
    for (const body of [forged, `[${forged}]`, `${' '.repeat(5000)}${forged}`, `\r\n\t${forged}`]) {
      for (const headers of [{ 'content-type': FORM }, {}]) {
        assert.equal(
          (await take('mailgun', 'k', headers as Record<string, string>, body)).ok,
          false,
          body.trim(),
        );
      }
    }
  });

  it('is a form where it only looks like JSON', () => {
    const rules = { idempotencyKey: ['{form:b}'], eventType: [] };
    const headers = ['content-type', FORM];
    const request = { method: 'POST', url: 'https://h.example/in', headers, body: Buffer.from('{"a":1&b=2') };
    assert.equal(identify(rules, request, 0).idempotencyKey, '2');
  });

  it('is XML in one field at most', () => {
    const xml = (kind: string) =>
      encodeURIComponent(Buffer.from(`<n><kind>${kind}</kind></n>`).toString('base64'));
    const typeOf = (body: string) => {
      const headers = ['content-type', FORM];
      const request = { method: 'POST', url: 'https://h.example/in', headers, body: Buffer.from(body) };
      return identify(findProvider('braintree')!, request, 0).eventType;
    };
    assert.equal(typeOf(`bt_payload=${xml('check')}`), 'check');
    assert.equal(typeOf(`a=${xml('dispute_lost')}&bt_payload=${xml('check')}`), 'unknown');
  });
});

const identityOf = (provider: string, headers: readonly string[], body: string, more = {}) =>
  identify(
    findProvider(provider)!,
    { method: 'POST', url: 'https://h.example/in', headers, body: Buffer.from(body), ...more },
    0,
  );

describe('a repetition', () => {
  it('of a Gitea form is known by its signature, whatever stands beside the field', () => {
    const of = (body: string, delivery: string, name = 'x-gitea') =>
      identityOf(
        'gitea',
        [
          'content-type',
          FORM,
          `${name}-event`,
          'push',
          `${name}-signature`,
          'ab',
          `${name}-delivery`,
          delivery,
        ],
        body,
      );
    const first = of('payload=1', '1');
    assert.equal(first.replayKey, 'push:ab');
    assert.deepEqual(
      [of('payload=1&x=2', '2').replayKey, of('payload=1', '3', 'x-gogs').replayKey],
      ['push:ab', 'push:ab'],
    );
  });

  it('of a Mandrill batch is known by its signature, however the form is cut', () => {
    const headers = ['content-type', FORM, 'x-mandrill-signature', 'ab'];
    assert.equal(identityOf('mandrill', headers, 'mandrill_event=s%5B%5D').replayKey, 'ab');
  });

  it('of items of Adyen is known in any order and number', () => {
    const item = (pspReference: string) => ({
      NotificationRequestItem: { pspReference, eventCode: 'CAPTURE', success: 'true', eventDate: 't1' },
    });
    const keyOf = (...items: object[]) =>
      identityOf('adyen', [], JSON.stringify({ notificationItems: items })).idempotencyKey;
    assert.equal(keyOf(item('a')), 'a:CAPTURE:true:t1');
    assert.equal(keyOf(item('a'), item('a')), 'a:CAPTURE:true:t1');
    assert.equal(keyOf(item('b'), item('a'), item('b')), 'a:CAPTURE:true:t1,b:CAPTURE:true:t1');
    assert.match(keyOf(), /^sha256:/);
  });
});

describe('requests without a body', () => {
  const of = (url: string, method = 'GET') => identityOf('twilio', [], '', { url, method }).idempotencyKey;

  it('are named by method and URL', () => {
    assert.equal(of('https://h.example/in?a=1'), of('https://h.example/in?a=1'));
    assert.notEqual(of('https://h.example/in?a=1'), of('https://h.example/in?a=2'));
    assert.notEqual(of('https://h.example/in', 'GET'), of('https://h.example/in', 'DELETE'));
    assert.match(of('https://h.example/in'), /^sha256:[0-9a-f]{64}$/);
  });

  it('of Zendesk are repetitions only of what has their time', () => {
    const name = 'x-zendesk-webhook-signature-timestamp';
    const replayKey = (time: string, url: string) =>
      identityOf('zendesk', [name, time], '', { method: 'GET', url }).replayKey;
    assert.equal(replayKey('t1', 'https://h.example/in'), replayKey('t1', 'https://h.example/in'));
    assert.notEqual(replayKey('t1', 'https://h.example/in'), replayKey('t2', 'https://h.example/in'));
    assert.notEqual(
      replayKey('t1', 'https://h.example/in'),
      replayKey('t1', 'https://h.example/in?ticket=2'),
    );
  });

  it('come with methods that the providers name', () => {
    assert.deepEqual(findProvider('twilio')?.methods, ['POST', 'GET']);
    assert.deepEqual(findProvider('zendesk')?.methods, ['POST', 'GET', 'PUT', 'PATCH', 'DELETE']);
  });
});

describe('a token of Mailgun', () => {
  const event = (timestamp: number) => {
    const signature = createHmac('sha256', 'k').update(`${timestamp}tok`).digest('hex');
    return take('mailgun', 'k', {}, JSON.stringify({ signature: { timestamp, token: 'tok', signature } }));
  };

  it('is taken for no longer than it is remembered', async () => {
    for (const seconds of [-43_200, 43_200]) assert.equal((await event(NOW_S + seconds)).ok, true);
    for (const seconds of [-43_201, 43_201]) assert.equal((await event(NOW_S + seconds)).ok, false);
    const mailgun = findProvider('mailgun')!;
    assert.equal(leastReplayWindow(mailgun, null), 86_400);
    assert.equal(leastReplayWindow(mailgun, 300), 86_400);
    assert.equal(leastReplayWindow(mailgun, 86_400), 172_800);
    assert.equal(leastReplayWindow(findProvider('github'), 86_400), 0);
    assert.equal(leastReplayWindow(null, 86_400), 0);
  });

  it('has such a window at every provider that names one', () => {
    for (const { id, schemes, replayWindowSeconds } of PROVIDERS) {
      if (replayWindowSeconds === undefined) continue;
      for (const scheme of schemes) {
        const tolerance = 'ts' in scheme ? scheme.ts?.tol : null;
        assert.ok(typeof tolerance === 'number' && replayWindowSeconds >= 2 * tolerance, id);
      }
    }
  });
});
