import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { describe, it } from 'node:test';
import { compileVerifier } from './index.ts';
import {
  FORM_FIELDS_MAX,
  PART_HEAD_BYTES_MAX,
  SIGNATURE_HEADERS_MAX,
  SIGNATURES_MAX,
  SIGNED_HEADERS_MAX,
} from './limits.ts';
import type { SignedRequest } from './read/signed-request.ts';
import { parseForm } from './read/signed-request.ts';
import type { Scheme } from './scheme.ts';

const NOW_S = 1_760_000_000;
const FORM = 'application/x-www-form-urlencoded';
const hmac = (text: string, encoding: 'hex' | 'base64' = 'hex') =>
  createHmac('sha256', 'k').update(text).digest(encoding);

function request(headers: readonly string[], body: Uint8Array = Buffer.from('b')): SignedRequest {
  return { method: 'POST', url: 'https://h.example/in', headers, body };
}

async function reasonOf(options: { provider: string } | { verify: Scheme }, given: SignedRequest) {
  const verdict = await compileVerifier({ ...options, secrets: ['k'] }).verify(given, NOW_S * 1000);
  return verdict.ok ? 'ok' : verdict.reason;
}

describe('the work for one request', () => {
  const wrongGroup = `t=${NOW_S},v1=${'0'.repeat(64)}`;
  const group = `t=${NOW_S},v1=${hmac(`${NOW_S}.b`)}`;
  const persona = (count: number) => [
    'persona-signature',
    [...Array(count - 1).fill(wrongGroup), group].join(' '),
  ];

  it('is that of a few groups', async () => {
    assert.equal(await reasonOf({ provider: 'persona' }, request(persona(SIGNATURES_MAX))), 'ok');
    assert.equal(
      await reasonOf({ provider: 'persona' }, request(persona(SIGNATURES_MAX + 1))),
      'malformed_signature',
    );
  });

  it('is that of a few groups, though there is no signature in them', async () => {
    const others = Array(SIGNATURES_MAX).fill(`t=${NOW_S},v0=0`);
    const given = request(['persona-signature', [...others, group].join(' ')]);
    assert.equal(await reasonOf({ provider: 'persona' }, given), 'malformed_signature');
  });

  it('is small for hundreds of groups and a body of megabytes', async () => {
    const large = request(persona(650), Buffer.alloc(5_000_000, 97));
    const before = process.cpuUsage();
    assert.equal(await reasonOf({ provider: 'persona' }, large), 'malformed_signature');
    const { user, system } = process.cpuUsage(before);
    assert.ok(user + system < 200_000, `${user + system} µs of processor time`);
  });

  it('is that of a few signatures', async () => {
    const stripe = (count: number) => {
      const others = Array(count - 1).fill(`v1=${'0'.repeat(64)}`);
      return ['stripe-signature', [`t=${NOW_S}`, ...others, `v1=${hmac(`${NOW_S}.b`)}`].join(',')];
    };
    assert.equal(await reasonOf({ provider: 'stripe' }, request(stripe(SIGNATURES_MAX))), 'ok');
    assert.equal(
      await reasonOf({ provider: 'stripe' }, request(stripe(SIGNATURES_MAX + 1))),
      'malformed_signature',
    );
  });

  it('is that of one header for each key', async () => {
    const docusign = (count: number) => [
      ...Array.from({ length: count - 1 }, (_, i) => [`x-docusign-signature-${i}`, 'AAAA']).flat(),
      ...['x-docusign-signature-x', hmac('b', 'base64')],
    ];
    assert.equal(await reasonOf({ provider: 'docusign' }, request(docusign(SIGNATURE_HEADERS_MAX))), 'ok');
    const many = request(docusign(SIGNATURE_HEADERS_MAX + 1));
    assert.equal(await reasonOf({ provider: 'docusign' }, many), 'malformed_signature');
  });

  it('is that of few signatures where each costs a hash of the body', async () => {
    const keys = generateKeyPairSync('ed25519');
    const publicKey = keys.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex');
    const signature = sign(null, Buffer.from('b'), keys.privateKey).toString('hex');
    const scheme: Scheme = { alg: 'ed25519', sig: { from: 'header:s-*' }, pub: 'raw-hex' };
    const verifier = compileVerifier({ verify: scheme, publicKey });
    const headers = (count: number) => Array.from({ length: count }, (_, i) => [`s-${i}`, signature]).flat();
    assert.equal((await verifier.verify(request(headers(SIGNATURES_MAX)), 0)).ok, true);
    assert.equal((await verifier.verify(request(headers(SIGNATURES_MAX + 1)), 0)).ok, false);
  });

  it('reads no part of a multipart form whose headers are too long', () => {
    const form = (bytes: number) => {
      const head = '\r\nContent-Disposition: form-data; name="a"\r\nX: ';
      return Buffer.from(`--B${head}${'x'.repeat(bytes - head.length)}\r\n\r\nv\r\n--B--`);
    };
    const parse = (bytes: number) =>
      parseForm('multipart/form-data', 'multipart/form-data; boundary=B', form(bytes));
    assert.equal(parse(PART_HEAD_BYTES_MAX)?.get('a')?.[0], 'v');
    assert.equal(parse(PART_HEAD_BYTES_MAX + 1), undefined);
  });

  it('is that of so many fields', () => {
    const fields = (count: number) => Buffer.from(Array(count).fill('a=1').join('&'));
    const parts = (count: number) =>
      Buffer.from(`${'--B\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n'.repeat(count)}--B--\r\n`);
    const multipart = 'multipart/form-data';
    assert.equal(parseForm(FORM, FORM, fields(FORM_FIELDS_MAX))?.get('a')?.length, FORM_FIELDS_MAX);
    assert.equal(parseForm(FORM, FORM, fields(FORM_FIELDS_MAX + 1)), undefined);
    const type = `${multipart}; boundary=B`;
    assert.equal(parseForm(multipart, type, parts(FORM_FIELDS_MAX))?.get('a')?.length, FORM_FIELDS_MAX);
    assert.equal(parseForm(multipart, type, parts(FORM_FIELDS_MAX + 1)), undefined);
  });

  it('is that of so many headers in a list of the signed ones', async () => {
    const cdp = (count: number) => {
      const names = Array(count).fill('x-none').join(' ');
      const mac = hmac(`${NOW_S}.${names}.${'.'.repeat(count - 1)}.b`);
      return request(['x-hook0-signature', `t=${NOW_S},h=${names},v1=${mac}`]);
    };
    assert.equal(await reasonOf({ provider: 'coinbase-cdp' }, cdp(SIGNED_HEADERS_MAX)), 'ok');
    assert.equal(
      await reasonOf({ provider: 'coinbase-cdp' }, cdp(SIGNED_HEADERS_MAX + 1)),
      'malformed_signature',
    );
  });
});
