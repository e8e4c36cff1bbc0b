import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { createSeededRandom, type SeededRandom, testSeeds } from '../../testkit/seeded-random.ts';
import { compileVerifier, findProvider, PROVIDERS, signWebhook, type Verifier } from './index.ts';
import type { SignedRequest } from './read/signed-request.ts';
import { coveredBy, coveredHeaders, type VectorCase } from './testing.ts';

const MUTATIONS_PER_CASE = 120;

type Target = Readonly<{
  name: string;
  provider: string;
  verifier: Verifier;
  request: SignedRequest;
  nowMs: number;
}>;

const file = path.join(import.meta.dirname, '../../test/data/provider-vectors.json');
const cases: readonly VectorCase[] = JSON.parse(readFileSync(file, 'utf8'));

function targetOf(one: VectorCase): Target {
  const verifier = compileVerifier({
    provider: one.provider,
    secrets: one.secret === null ? [] : [one.secret],
    ...(one.publicKey !== undefined && { publicKey: one.publicKey }),
    ...(one.params !== undefined && { params: one.params }),
    ...(one.certs !== undefined && { certs: one.certs }),
    ...(one.jwks !== undefined && { jwks: one.jwks }),
  });
  const headers = Object.entries(one.headers).flat();
  const body = Buffer.from(one.bodyBase64, 'base64');
  const request = { method: one.method, url: one.url, headers, body };
  return { name: one.id, provider: one.provider, verifier, request, nowMs: one.now * 1000 };
}

/** Cases of our own for the providers of which the file has none, signed as they would. */
function ownTargets(): readonly Target[] {
  const known = new Set(cases.map((one) => one.provider));
  const own = PROVIDERS.filter(
    ({ id, schemes }) =>
      !known.has(id) && (schemes[0]!.alg === 'hmac' || schemes[0]!.alg === 'digest' || id === 'netlify'),
  );
  const nowMs = 1_760_000_000_000;
  return own.flatMap(({ id, sample }) => {
    if (typeof sample?.body !== 'object') return [];
    const params = { webhookId: 'w' };
    const body = Buffer.from(JSON.stringify(sample.body));
    const headers = { ...sample.headers, 'content-type': 'application/json' };
    const url = `https://hooks.example.com/in/${id}`;
    const secret = 'a-secret-of-no-special-form';
    const request = signWebhook({
      provider: id,
      secret,
      params,
      url,
      body,
      headers,
      nowMs,
      newId: () => 'id-1',
    });
    return {
      name: `${id} (own)`,
      provider: id,
      verifier: compileVerifier({ provider: id, secrets: [secret], params }),
      request,
      nowMs,
    };
  });
}

/** Drops what the verification does without, such as the signatures of another key: they may change freely. */
async function reduce(target: Target): Promise<Target> {
  let { request } = target;
  for (const [i, value] of request.headers.entries()) {
    if (i % 2 === 0) continue;
    for (const separator of [' ', ',']) {
      for (const item of value.split(separator)) {
        const rest = request.headers[i]!.split(separator)
          .filter((other) => other !== item)
          .join(separator);
        const smaller = { ...request, headers: request.headers.with(i, rest) };
        if (rest !== '' && (await target.verifier.verify(smaller, target.nowMs)).ok) request = smaller;
      }
    }
  }
  for (let i = request.headers.length - 2; i >= 0; i -= 2) {
    const smaller = { ...request, headers: request.headers.toSpliced(i, 2) };
    if ((await target.verifier.verify(smaller, target.nowMs)).ok) request = smaller;
  }
  return { ...target, request };
}

/** One small change: a character or a byte replaced, dropped, doubled or put in, a case turned, the end cut off. */
function mutate(text: string, random: SeededRandom): string {
  const at = random.int(text.length + 1);
  const char = String.fromCharCode(random.chance(0.8) ? 0x20 + random.int(0x5f) : random.int(0x250));
  switch (random.int(6)) {
    case 0:
      return text.slice(0, at) + char + text.slice(at + 1);
    case 1:
      return text.slice(0, at) + text.slice(at + 1);
    case 2:
      return text.slice(0, at) + char + text.slice(at);
    case 3:
      return text.slice(0, at) + text.charAt(at) + text.slice(at);
    case 4: {
      const one = text.charAt(at);
      const turned = one === one.toLowerCase() ? one.toUpperCase() : one.toLowerCase();
      return text.slice(0, at) + turned + text.slice(at + 1);
    }
    default:
      return text.slice(0, at);
  }
}

function isNamed(name: string, known: string): boolean {
  return known.endsWith('-') ? name.startsWith(known) : name === known;
}

function mutateRequest(request: SignedRequest, provider: string, random: SeededRandom): SignedRequest {
  const names = coveredHeaders(findProvider(provider)!.schemes);
  const places = request.headers.flatMap((name, i) =>
    i % 2 === 0 && names.some((known) => isNamed(name.toLowerCase(), known)) ? i + 1 : [],
  );
  const place = random.pick(['header', 'header', 'body', 'body', 'url', 'gone', 'twice']);
  if (place === 'url') return { ...request, url: mutate(request.url, random) };
  if (place === 'body' || places.length === 0) {
    return {
      ...request,
      body: Buffer.from(mutate(Buffer.from(request.body).toString('latin1'), random), 'latin1'),
    };
  }
  const at = random.pick(places);
  switch (place) {
    case 'gone':
      return { ...request, headers: request.headers.toSpliced(at - 1, 2) };
    case 'twice':
      // Of the many headers of DocuSign any may be right.
      if (request.headers[at - 1]!.startsWith('X-DocuSign')) return mutateRequest(request, provider, random);
      return {
        ...request,
        headers: [...request.headers, request.headers[at - 1]!, mutate(request.headers[at]!, random)],
      };
    default:
      return { ...request, headers: request.headers.with(at, mutate(request.headers[at]!, random)) };
  }
}

const targets = [...cases.filter((one) => one.expect === 'valid').map(targetOf), ...ownTargets()];

for (const seed of testSeeds([1, 2])) {
  describe(`no changed request is ever accepted (TEST_SEED=${seed})`, () => {
    for (const target of targets) {
      it(target.name, async () => {
        const random = createSeededRandom(seed + target.name.length);
        const { request, verifier, nowMs, provider } = await reduce(target);
        assert.deepEqual(await verifier.verify(request, nowMs), { ok: true });
        const covered = coveredBy(provider, request);
        for (let i = 0; i < MUTATIONS_PER_CASE; i++) {
          const changed = mutateRequest(request, provider, random);
          const verdict = await verifier.verify(changed, nowMs);
          // Accepted only if nothing was changed that the signature is about.
          if (verdict.ok)
            assert.deepEqual(coveredBy(provider, changed), covered, JSON.stringify(show(changed)));
        }
      });
    }
  });
}

function show({ url, headers, body }: SignedRequest) {
  return { url, headers, body: Buffer.from(body).toString('latin1') };
}
