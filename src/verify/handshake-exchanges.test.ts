import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { answerHandshake, compileVerifier, findHandshake, findProvider, PROVIDERS } from './index.ts';
import type { SignedRequest } from './read/signed-request.ts';

type Exchange = Readonly<{
  provider: string;
  note?: string;
  signedFirst?: boolean;
  secret?: string;
  publicKey?: string;
  params?: Readonly<Record<string, string>>;
  now?: number;
  request: { method: string; url: string; headers?: Record<string, string>; body?: string };
  response: { status: number; headers?: Record<string, string>; body?: string };
}>;

const file = path.join(import.meta.dirname, '../../test/data/provider-handshakes.json');
const exchanges: readonly Exchange[] = JSON.parse(readFileSync(file, 'utf8'));

/** What the file does not say. Figma's passcode is in the body of its ping: it is checked before. */
const SIGNED_AS_WELL = new Set(['figma']);
const PARAMS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'vercel-log-drains': { verifyToken: '<token shown in the dashboard>' },
};

/** Not questions but events, whose answers are `reply` of the provider or a refusal. */
const EVENTS = new Set(['xero', 'adyen']);

function requestOf({ request }: Exchange): SignedRequest {
  const { method, url, headers = {}, body = '' } = request;
  return { method, url, headers: Object.entries(headers).flat(), body: Buffer.from(body) };
}

/** The note says the same as the file, but its bodies are cut with dots, so that they are no JSON. */
function isWhole({ request }: Exchange): boolean {
  return !(request.body ?? '').includes('...}') && !(request.body ?? '').includes('"..."');
}

for (const exchange of exchanges.filter((one) => isWhole(one) && !EVENTS.has(one.provider))) {
  const provider = findProvider(exchange.provider);
  const request = requestOf(exchange);

  describe(`the handshake of ${exchange.provider} ${exchange.note ?? ''}`, () => {
    it('is recognised and answered to the letter', () => {
      assert.ok(provider !== null);
      const handshake = findHandshake(provider.handshakes ?? [], request);
      assert.ok(handshake !== null);
      assert.equal(handshake.signed, exchange.signedFirst === true || SIGNED_AS_WELL.has(exchange.provider));
      const secrets = exchange.secret === undefined ? [] : [exchange.secret];
      const answer = answerHandshake(handshake, request, {
        secrets,
        params: exchange.params ?? PARAMS[exchange.provider] ?? {},
      });
      assert.equal(answer.kind, 'reply', JSON.stringify(answer));
      if (answer.kind !== 'reply') return;
      assert.equal(answer.reply.status, exchange.response.status);
      assert.equal(answer.reply.body, exchange.response.body ?? '');
      for (const [name, value] of Object.entries(exchange.response.headers ?? {})) {
        // The length is the server's to say, and an answer without a body needs no type.
        if (name === 'Content-Length' || (name === 'Content-Type' && answer.reply.body === '')) continue;
        assert.equal(answer.reply.headers[name.toLowerCase()], value, name);
      }
      if (answer.reply.body !== '') assert.equal(answer.reply.headers['x-content-type-options'], 'nosniff');
    });

    const { signedFirst, now } = exchange;
    if (signedFirst === true && now !== undefined) {
      it('verifies', async () => {
        const verifier = compileVerifier({
          provider: exchange.provider,
          secrets: exchange.secret === undefined ? [] : [exchange.secret],
          ...(exchange.publicKey !== undefined && { publicKey: exchange.publicKey }),
        });
        assert.deepEqual(await verifier.verify(request, now * 1000), { ok: true });
      });
    }

    it('is not answered by providers that have another', () => {
      for (const other of PROVIDERS) {
        const found = findHandshake(other.handshakes ?? [], request);
        if (found === null || other.id === provider?.id || found.signed || found.secretAt !== undefined)
          continue;
        const answer = answerHandshake(found, request, { secrets: ['other'], params: {} });
        const echo = exchange.response.body ?? '';
        const isSame = answer.kind === 'reply' && echo !== '' && answer.reply.body === echo;
        assert.ok(!isSame, `${other.id} answers it as well`);
      }
    });
  });
}
