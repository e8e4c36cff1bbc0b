import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answerHandshake, compileVerifier, findHandshake, PROVIDERS } from './index.ts';
import type { Handshake } from './provider.ts';
import { encode } from './read/decode.ts';
import { scopeOf } from './read/scope.ts';
import { compileTemplate } from './read/template.ts';
import type { DigestScheme, HmacScheme } from './scheme.ts';
import { Draft } from './sign/sign-draft.ts';
import { formatSignature } from './sign/sign-text.ts';

/** Some handshakes sign what anyone asks them to, with the key of the events: none of it may be an event's signature. */

const NOW_MS = 1_760_000_000_000;
const TIMES = { s: String(NOW_MS / 1000), ms: String(NOW_MS), iso: new Date(NOW_MS).toISOString() };
const SECRET = '0123456789abcdef0123456789abcdef';
const PARAMS = { publicKey: 'pub', clientId: 'c', clientSecret: 's' };
const URL_OF_SOURCE = 'https://h.example/in';
const XML = Buffer.from('<n><kind>check</kind></n>').toString('base64');

/** What an event's body, or the field that is signed, could be. */
const PAYLOADS = [
  ...[
    '{"a":1}',
    '{}',
    '[]',
    '[{"a":1}]',
    '"a"',
    '1',
    'null',
    'true',
    'abc',
    'a=b',
    XML,
    `${XML}==`,
    '<kind>a</kind>',
  ],
  ...[
    '0123456789abcdef0123456789abcdef',
    '01234567890123456789',
    'a'.repeat(64),
    'A-b_c',
    '='.repeat(8),
    '\n',
  ],
  '{"for_user_id":"1","tweet_create_events":[{"id_str":"1"}]}',
];
/** What may stand beside it. */
const BESIDE = ['', `&z=${encodeURIComponent(XML)}`];

type Signing = HmacScheme | DigestScheme;
const isSigning = (scheme: { alg: string }): scheme is Signing =>
  scheme.alg === 'hmac' || scheme.alg === 'digest';

/** An event with that payload, and the text that its signature is of. */
function eventOf(scheme: Signing, signed: string, payload: string, beside: string) {
  const field = /\{form:([^/}]+)\}/.exec(signed)?.[1];
  const draft = new Draft({
    method: 'POST',
    url: URL_OF_SOURCE,
    headers: field === undefined ? [] : ['content-type', 'application/x-www-form-urlencoded'],
    body: Buffer.from(field === undefined ? payload : `${field}=${encodeURIComponent(payload)}${beside}`),
  });
  const unit = TIMES[scheme.ts?.unit ?? 's'];
  for (const from of [scheme.ts?.from ?? []].flat()) draft.put(from, unit);
  const template = compileTemplate(signed);
  assert.ok(template.ok);
  for (const { kind, locator } of template.value.readers) if (kind === 'header') draft.put(locator, 'id');
  const scope = scopeOf(draft.view(), PARAMS);
  scope.ts = unit;
  const pieces = template.value.pieces(scope);
  return { draft, text: pieces === null ? null : Buffer.concat(pieces).toString() };
}

/** What the handshake answers for the token; null if it does not take it. */
function ask(handshake: Handshake, token: string): Buffer | null {
  const { mac, when = {} } = handshake;
  const at = /\{((?:query|body|header):[^}]+)\}/.exec(mac!.of)![1]!;
  const draft = new Draft({
    method: handshake.method,
    url: URL_OF_SOURCE,
    headers: [],
    body: Buffer.from('{}'),
  });
  for (const [locator, value] of Object.entries(when.equals ?? {})) draft.put(locator, value);
  draft.put(at, token);
  if (findHandshake([handshake], draft) === null) return null;
  const bare = { ...handshake, reply: { status: 200, body: '{mac}' } };
  const answer = answerHandshake(bare, draft, { secrets: [SECRET], params: PARAMS });
  assert.equal(answer.kind, 'reply');
  return answer.kind === 'reply'
    ? Buffer.from(answer.reply.body, mac!.enc === 'HEX' ? 'hex' : mac!.enc)
    : null;
}

const ORACLES = PROVIDERS.flatMap((provider) =>
  (provider.handshakes ?? []).flatMap((handshake) =>
    handshake.mac === undefined ? [] : { provider, handshake },
  ),
);

describe('the answer to a handshake', () => {
  it('is signed for some providers', () => {
    const ids = ORACLES.map(({ provider }) => provider.id);
    assert.deepEqual(ids, ['braintree', 'ebay', 'linkedin', 'x-twitter', 'zoom']);
  });

  for (const { provider, handshake } of ORACLES) {
    const { id, schemes } = provider;
    it(`is no signature of an event: ${id}`, async () => {
      const verifier = compileVerifier({ provider: id, secrets: [SECRET], params: PARAMS });
      assert.notEqual(
        ask(handshake, 'a1b2c3d4e5f6a7b8c9d0e1f2'),
        null,
        'no token is taken: the test is blind',
      );
      for (const scheme of schemes.filter(isSigning)) {
        for (const signed of [scheme.signed ?? '{body}'].flat()) {
          for (const payload of PAYLOADS) {
            for (const beside of BESIDE) {
              const { draft, text } = eventOf(scheme, signed, payload, beside);
              const mac = text === null ? null : ask(handshake, text);
              if (mac === null) continue;
              const signature = encode(mac, scheme.sig.enc ?? 'hex');
              for (const from of [scheme.sig.from].flat().slice(0, 1)) {
                draft.put(from, formatSignature(scheme.sig, signature, [], PARAMS));
              }
              const verdict = await verifier.verify(draft, NOW_MS);
              assert.equal(verdict.ok, false, `${payload}${beside} was signed as a token`);
            }
          }
        }
      }
    });
  }
});
