import assert from 'node:assert/strict';
import test from 'node:test';
import { createRequestLine } from './request-line.ts';

const URL_OF_HOOK = 'http://sink.internal/hook?tenant=7';
const lineOf = (
  event: Partial<{ method: string; url: string; source: string }>,
  target: { url?: string; method?: 'POST' | 'event'; query?: 'forward' | 'drop' } = {},
) =>
  createRequestLine(
    { url: URL_OF_HOOK, method: 'event', query: 'forward', ...target },
    (source, name) => source === 'strava' && name === 'token',
  )({ method: 'POST', url: '/webhooks/shop', source: 'shop', ...event });

test('an event keeps its method, and its query behind that of the destination', () => {
  assert.deepEqual(lineOf({ method: 'DELETE', url: '/webhooks/shop?store=17&Body=a%20b' }), {
    method: 'DELETE',
    path: '/hook?tenant=7&store=17&Body=a%20b',
  });
  assert.deepEqual(lineOf({ method: 'GET', url: '/webhooks/shop?a' }, { url: 'http://sink.internal' }), {
    method: 'GET',
    path: '/?a',
  });
  assert.equal(lineOf({}).path, '/hook?tenant=7');
  assert.equal(lineOf({ url: '/webhooks/shop?' }).path, '/hook?tenant=7');
});

test('names of the destination, and secrets of the verification, are not passed on in any spelling', () => {
  assert.equal(lineOf({ url: '/w?tenant=8&%74enant=9&x=1' }).path, '/hook?tenant=7&x=1');
  assert.equal(lineOf({ url: '/w?token=s&%74oken=s&x=1', source: 'strava' }).path, '/hook?tenant=7&x=1');
  assert.equal(lineOf({ url: '/w?token=s' }).path, '/hook?tenant=7&token=s', 'no secret of that source');
});

test('a name that does not decode is passed on as it is', () => {
  assert.equal(lineOf({ url: '/w?%zz=1' }).path, '/hook?tenant=7&%zz=1');
});

test('a destination may have POST, and no query', () => {
  assert.deepEqual(lineOf({ method: 'PUT', url: '/w?a=1' }, { method: 'POST', query: 'drop' }), {
    method: 'POST',
    path: '/hook?tenant=7',
  });
});
