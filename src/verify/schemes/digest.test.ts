import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { compileVerifier, type VerifierOptions } from '../compile.ts';

const NOW_MS = 1_760_000_000_000;
const SECRET = 'a secret that the attacker does not know';
const URL = 'https://h.example/in';

const sha256 = (data: Uint8Array) => createHash('sha256').update(data).digest();

const PRIMES = Array.from({ length: 400 }, (_, n) => n)
  .filter((n) => n > 1 && Array.from({ length: n - 2 }, (_, i) => i + 2).every((d) => n % d !== 0))
  .slice(0, 64);
const ROOTS = PRIMES.map((prime) => Math.floor((Math.cbrt(prime) % 1) * 2 ** 32));

const rotate = (word: number, by: number) => (word >>> by) | (word << (32 - by));

/** One step of SHA-256 (FIPS 180-4, 6.2.2) from a state that is given, which node:crypto does not offer. */
function compress(state: readonly number[], block: Buffer): number[] {
  const w = Array.from({ length: 16 }, (_, i) => block.readInt32BE(i * 4));
  let [a, b, c, d, e, f, g, h] = state as [number, number, number, number, number, number, number, number];
  for (let t = 0; t < 64; t++) {
    if (t >= 16) {
      const [x, y] = [w[t - 15]!, w[t - 2]!];
      const early = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3);
      const late = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10);
      w.push((w[t - 16]! + early + w[t - 7]! + late) | 0);
    }
    const one = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + ROOTS[t]! + w[t]!;
    const two = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    [a, b, c, d, e, f, g, h] = [(one + two) | 0, a, b, c, (d + one) | 0, e, f, g];
  }
  return [a, b, c, d, e, f, g, h].map((word, i) => (word + state[i]!) | 0);
}

/** What follows a text of that many bytes in its last blocks. */
function padding(bytes: number): Buffer {
  const pad = Buffer.alloc(1 + ((119 - (bytes % 64)) % 64) + 8);
  pad[0] = 0x80;
  pad.writeBigUInt64BE(BigInt(bytes) * 8n, pad.length - 8);
  return pad;
}

/** From the digest of a text of known length alone: what to put behind the text, and the digest of the longer one. */
function extend(digest: Buffer, bytes: number, more: string): { suffix: Buffer; digest: Buffer } {
  const suffix = Buffer.concat([padding(bytes), Buffer.from(more)]);
  const rest = Buffer.concat([Buffer.from(more), padding(bytes + suffix.length)]);
  let state = Array.from({ length: 8 }, (_, i) => digest.readInt32BE(i * 4));
  for (let at = 0; at < rest.length; at += 64) state = compress(state, rest.subarray(at, at + 64));
  const longer = Buffer.alloc(32);
  for (const [i, word] of state.entries()) longer.writeInt32BE(word, i * 4);
  return { suffix, digest: longer };
}

function verdict(options: VerifierOptions, headers: readonly string[], body: Buffer): string {
  const request = { method: 'POST', url: URL, headers, body };
  const found = compileVerifier({ secrets: [SECRET], ...options }).verify(request, NOW_MS);
  assert.ok(!(found instanceof Promise));
  return found.ok ? 'ok' : found.reason;
}

describe('a digest that begins with the secret', () => {
  const providers = [
    ['hubspot-v1', 'X-HubSpot-Signature', SECRET],
    ['hubspot-v2', 'X-HubSpot-Signature', `${SECRET}POST${URL}`],
    ['recharge', 'X-Recharge-Hmac-Sha256', SECRET],
  ] as const;

  for (const [provider, header, before] of providers) {
    it(`is not extended to a longer body: ${provider}`, () => {
      const seen = Buffer.from('{"name":"Zoë","amount":1}');
      const signed = Buffer.concat([Buffer.from(before), seen]);
      const digest = sha256(signed);
      assert.equal(verdict({ provider }, [header, digest.toString('hex')], seen), 'ok');
      for (const more of ['', '&amount=1000000', 'x'.repeat(200)]) {
        const forged = extend(digest, signed.length, more);
        assert.deepEqual(forged.digest, sha256(Buffer.concat([signed, forged.suffix])), 'the attack itself');
        const body = Buffer.concat([seen, forged.suffix]);
        assert.equal(verdict({ provider }, [header, forged.digest.toString('hex')], body), 'malformed_body');
      }
    });
  }

  it('is of UTF-8 in all its parts, and wrong where it is wrong', () => {
    const options: VerifierOptions = {
      verify: { alg: 'digest', sig: { from: 'header:X-Sig' }, signed: '{secret}{header:X-Id}{body}' },
    };
    const of = (id: string, body: string) => {
      const digest = sha256(
        Buffer.concat([Buffer.from(SECRET), Buffer.from(id, 'latin1'), Buffer.from(body)]),
      );
      return verdict(options, ['X-Id', id, 'X-Sig', digest.toString('hex')], Buffer.from(body));
    };
    assert.equal(of('7', 'é'), 'ok');
    assert.equal(of('7\x80', '\0\0'), 'malformed_body', 'padding may begin in a header');
    assert.equal(
      verdict(options, ['X-Id', '7', 'X-Sig', 'a'.repeat(64)], Buffer.from('x')),
      'wrong_signature',
    );
  });
});

describe('a digest that ends with the secret', () => {
  it('is of any bytes: behind the secret there is nothing to put', () => {
    const body = Buffer.from([0x7b, 0x80, 0xff]);
    const ts = String(NOW_MS / 1000);
    const digest = createHash('sha1').update(body).update(ts).update(SECRET).digest('hex');
    const headers = ['X-Cld-Timestamp', ts, 'X-Cld-Signature', digest];
    assert.equal(verdict({ provider: 'cloudinary' }, headers, body), 'ok');
  });
});
