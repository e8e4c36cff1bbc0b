import assert from 'node:assert/strict';
import { generateKeyPairSync, sign, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { rootCertificates } from 'node:tls';
import { compileVerifier } from '../compile.ts';
import type { VectorCase } from '../testing.ts';
import { type CertificateRule, createCertificateSource, isPinned } from './certificate.ts';
import { FetchError, type FetchText } from './fetch-keys.ts';

const file = path.join(import.meta.dirname, '../../../test/data/provider-vectors.json');
const cases: readonly VectorCase[] = JSON.parse(readFileSync(file, 'utf8'));
const valid = (provider: string) => cases.find((one) => one.provider === provider && one.expect === 'valid')!;

const refuseToFetch: FetchText = async () => {
  throw new Error('nothing is to be fetched');
};

describe('the URL of a certificate', () => {
  const rule = { host: /^sns\.[a-zA-Z0-9-]{3,}\.amazonaws\.com(?:\.cn)?$/, path: /\.pem$/ };
  for (const url of [
    'http://sns.us-east-1.amazonaws.com/a.pem',
    'https://sns.us-east-1.amazonaws.com/a.pem.exe',
    'https://sns.us-east-1.amazonaws.com:8443/a.pem',
    'https://user@sns.us-east-1.amazonaws.com/a.pem',
    'https://sns.us-east-1.amazonaws.com@evil.example/a.pem',
    'https://evil.example/sns.us-east-1.amazonaws.com/a.pem',
    'https://sns.us-east-1.amazonaws.com.evil.example/a.pem',
    'https://s3.us-east-1.amazonaws.com/a.pem',
    'https://evil.sns.us-east-1.amazonaws.com/a.pem',
    'https://sns.us-east-1.amazonaws.com/?x=.pem',
    'file:///a.pem',
    'a.pem',
  ]) {
    it(`must be the provider's own: not ${url}`, () => assert.equal(isPinned(url, rule), false));
  }
  it('may be of any region', () => {
    assert.equal(isPinned('https://sns.us-gov-west-1.amazonaws.com/a.pem', rule), true);
    assert.equal(isPinned('https://sns.cn-north-1.amazonaws.com.cn/a.pem', rule), true);
  });
});

describe('a certificate', () => {
  const { certs } = valid('paypal');
  const [url, pem] = Object.entries(certs!)[0]!;
  const leaf = new X509Certificate(pem);
  const inForceMs = leaf.validFromDate.getTime() + 1000;
  const rule: CertificateRule = { host: /paypal\.com$/, name: /\.paypal\.com$/, chain: 'required' };
  const judge = async (
    given: Readonly<Record<string, string>> | null,
    nowMs: number,
    more: Partial<CertificateRule> = {},
    fetchText = refuseToFetch,
  ) => {
    const found = await createCertificateSource({ ...rule, ...more }, given, fetchText)(url, nowMs);
    return found.ok ? 'ok' : `${found.verdict.ok ? '' : found.verdict.reason}`;
  };

  it('that was given is trusted until it expires, if its name is right', async () => {
    assert.equal(await judge(certs!, 0), 'ok');
    assert.equal(await judge(certs!, leaf.validToDate.getTime()), 'ok');
    assert.equal(await judge(certs!, leaf.validToDate.getTime() + 1), 'wrong_certificate');
    assert.equal(await judge(certs!, 0, { name: /^other$/ }), 'wrong_certificate');
    assert.equal(await judge({}, 0), 'wrong_certificate');
    assert.equal(await judge({ [url]: 'no PEM' }, 0), 'wrong_certificate');
  });

  it('that was fetched must lead to a root', async () => {
    assert.equal(await judge(null, inForceMs, {}, async () => pem), 'wrong_certificate');
    assert.equal(await judge(null, inForceMs, { chain: 'as-given' }, async () => pem), 'ok');
    assert.equal(
      await judge(null, inForceMs - 2000, { chain: 'as-given' }, async () => pem),
      'wrong_certificate',
    );
    const root = rootCertificates.find(
      (text) => new X509Certificate(text).publicKey.asymmetricKeyType === 'rsa',
    )!;
    const rootMs = new X509Certificate(root).validFromDate.getTime() + 1000;
    assert.equal(await judge(null, rootMs, { name: /./ }, async () => root), 'ok');
    assert.equal(
      await judge(null, inForceMs, { chain: 'as-given' }, async () => pem + root),
      'wrong_certificate',
    );
  });

  it('that cannot be fetched is the receiver’s trouble', async () => {
    const down: FetchText = async () => Promise.reject(new FetchError('down', 503));
    assert.equal(await judge(null, inForceMs, {}, down), 'keys_unavailable');
    assert.equal(await judge(null, inForceMs, {}, async () => 'no PEM'), 'keys_unavailable');
  });
});

describe('Amazon SNS', () => {
  const one = valid('aws-sns');
  const message = JSON.parse(Buffer.from(one.bodyBase64, 'base64').toString());
  const ask = async (changes: object, more: object = {}, headers: readonly string[] = []) => {
    const verifier = compileVerifier({
      provider: 'aws-sns',
      params: one.params!,
      certs: one.certs!,
      ...more,
    });
    const body = Buffer.from(JSON.stringify({ ...message, ...changes }));
    const found = await verifier.verify({ method: 'POST', url: one.url, headers, body }, one.now * 1000);
    return found.ok ? 'ok' : found.reason;
  };

  it('is of the topic that the source is for, and signed whole', async () => {
    assert.equal(await ask({}), 'ok');
    assert.equal(await ask({ Unsigned: 1 }), 'ok');
    assert.equal(await ask({}, { params: { topicArn: `${message.TopicArn}2` } }), 'wrong_token');
    assert.equal(await ask({ TopicArn: 'arn:aws:sns:us-east-1:1:Other' }), 'wrong_token');
    assert.equal(await ask({ SignatureVersion: '1' }), 'wrong_signature');
    assert.equal(await ask({ SignatureVersion: '3' }), 'malformed_signature');
    assert.equal(await ask({ Message: undefined }), 'malformed_body');
    assert.equal(await ask({ Message: 5 }), 'malformed_body');
    assert.equal(await ask({ Type: 'constructor' }), 'malformed_body');
    assert.equal(await ask({ Signature: message.Signature.replace(/=+$/, '') }), 'malformed_signature');
    assert.equal(await ask({ SigningCertURL: 'https://evil.example/a.pem' }), 'wrong_certificate');
    assert.equal(await ask({ SigningCertURL: undefined }), 'wrong_certificate');
    assert.equal(await ask({ Timestamp: 'now' }), 'malformed_timestamp');
  });

  it('is of the type that its header says', async () => {
    assert.equal(await ask({}, {}, ['X-Amz-Sns-Message-Type', 'Notification']), 'ok');
    assert.equal(await ask({}, {}, ['X-Amz-Sns-Message-Type', 'SubscriptionConfirmation']), 'malformed_body');
  });

  it('has no age unless one is asked for', async () => {
    const ageSeconds = Math.abs(one.now - Date.parse(message.Timestamp) / 1000);
    assert.equal(await ask({}, { toleranceSeconds: ageSeconds }), 'ok');
    assert.match(
      await ask({ Timestamp: '2001-01-01T00:00:00.000Z' }, { toleranceSeconds: 300 }),
      /stale_timestamp/,
    );
  });
});

describe('eBay', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const oneLine = pem.replaceAll('\n', '');
  const body = Buffer.from('{"notification":{"notificationId":"n1"}}');
  const signature = sign('sha1', body, privateKey).toString('base64');
  const header = (more: object) =>
    Buffer.from(JSON.stringify({ alg: 'ecdsa', kid: 'k-1', signature, digest: 'SHA1', ...more })).toString(
      'base64',
    );
  const ask = async (options: object, text = header({}), given: Uint8Array = body) => {
    const verifier = compileVerifier({ provider: 'ebay', ...options });
    const headers = ['X-EBAY-SIGNATURE', text];
    const found = await verifier.verify(
      { method: 'POST', url: 'https://h.example/', headers, body: given },
      0,
    );
    return found.ok ? 'ok' : found.reason;
  };

  it('is verified with a key that is given', async () => {
    assert.equal(await ask({ publicKey: oneLine }), 'ok');
    assert.equal(await ask({ certs: { 'k-1': pem } }), 'ok');
    assert.equal(await ask({ certs: { 'k-2': pem } }), 'unknown_key');
    assert.equal(await ask({ publicKey: pem }, header({ kid: '../k' })), 'malformed_signature');
    assert.equal(await ask({ publicKey: pem }, `${header({})} `), 'malformed_signature');
    assert.equal(await ask({ publicKey: pem }, ''), 'missing_signature');
    assert.equal(await ask({ publicKey: pem }, header({}), Buffer.from('{}')), 'wrong_signature');
    assert.throws(() => compileVerifier({ provider: 'ebay', publicKey: 'x' }), /no EC key/);
  });

  it('is verified with a key that eBay gives', async () => {
    const fetchText: FetchText = async (url, init) => {
      if (url === 'https://api.ebay.com/identity/v1/oauth2/token') {
        assert.equal(init?.headers?.authorization, `Basic ${Buffer.from('c:s').toString('base64')}`);
        return '{"access_token":"at"}';
      }
      assert.equal(init?.headers?.authorization, 'Bearer at');
      if (url.endsWith('/k-1')) return JSON.stringify({ key: oneLine, algorithm: 'ECDSA' });
      throw new FetchError('answered 404', 404);
    };
    const params = { clientId: 'c', clientSecret: 's' };
    assert.equal(await ask({ params, fetchText }), 'ok');
    assert.equal(await ask({ params, fetchText }, header({ kid: 'k-2' })), 'unknown_key');
    const down: FetchText = async () => Promise.reject(new FetchError('down', null));
    assert.equal(await ask({ params, fetchText: down }), 'keys_unavailable');
    assert.throws(() => compileVerifier({ provider: 'ebay' }), /params.clientId/);
  });
});
