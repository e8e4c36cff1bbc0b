import assert from 'node:assert/strict';
import test from 'node:test';
import { createSigner } from './sign-standard-webhooks.ts';

/** From the tests of the Standard Webhooks reference libraries. */
const PUBLISHED = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestamp: 1614265330,
  body: Buffer.from('{"test": 2432232314}'),
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
};

test('gives the published signature', () => {
  const { secret, id, timestamp, body, signature } = PUBLISHED;
  assert.equal(createSigner(secret)(id, timestamp, body), signature);
});

test('signs id, timestamp and every byte of the body', () => {
  const { secret, id, timestamp, body, signature } = PUBLISHED;
  const sign = createSigner(secret);
  assert.notEqual(sign(`${id}x`, timestamp, body), signature);
  assert.notEqual(sign(id, timestamp + 1, body), signature);
  assert.notEqual(sign(id, timestamp, Buffer.concat([body, Buffer.from([0])])), signature);
});

test('refuses a secret without a key, and does not quote it', () => {
  assert.throws(() => createSigner('whsec_'), /Standard Webhooks secret/);
  assert.throws(
    () => createSigner('whsec_!'),
    (error: Error) => !error.message.includes('!'),
  );
});
