import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isLoopback, isSameOrigin, pageOf, pageWithForm } from './same-origin.ts';

const PUBLIC = 'https://hooks.example/path';

describe('a request that changes something', () => {
  it('comes from a page of the console, by Sec-Fetch-Site', () => {
    assert.equal(isSameOrigin({ 'sec-fetch-site': 'same-origin' }, null), true);
    for (const site of ['cross-site', 'same-site', 'none', '', 'same-origin, cross-site']) {
      const headers = { 'sec-fetch-site': site, origin: 'https://hooks.example', host: 'hooks.example' };
      assert.equal(isSameOrigin(headers, PUBLIC), false, site);
    }
  });

  it('or else by an Origin that is that of PUBLIC_URL, or the host that was asked', () => {
    assert.equal(isSameOrigin({ origin: 'https://hooks.example', host: 'internal:8000' }, PUBLIC), true);
    assert.equal(isSameOrigin({ origin: 'http://10.0.0.5:9000', host: '10.0.0.5:9000' }, PUBLIC), true);
    for (const origin of [
      'null',
      '',
      'http://hooks.example',
      'https://evil.example',
      'https://hooks.example:8443',
      'file://',
      'x',
    ]) {
      assert.equal(isSameOrigin({ origin, host: '10.0.0.5:9000' }, PUBLIC), false, origin);
    }
    assert.equal(isSameOrigin({ host: '10.0.0.5:9000' }, PUBLIC), false);
  });
});

describe('the page to go on to', () => {
  it('is one of the console', () => {
    for (const to of ['/console', '/console?q=1', '/console/events?q=a%20b', '/console/events/1']) {
      assert.equal(pageOf(to), String(to));
    }
  });

  it('or else the first', () => {
    const others = [
      undefined,
      '',
      'https://evil.example/console',
      '//evil.example/console',
      '/\\evil.example',
      '/admin/events',
      '/console/../admin',
      '/consoles',
      'javascript:alert(1)',
      '/console/logout',
      '/console/login?to=x',
      '/console/enter',
    ];
    for (const to of others) assert.equal(pageOf(to), '/console', String(to));
  });
});

it('the page of an action is the one that has its form', () => {
  const id = '01a2319d-dddd-7000-8a1a-7377b4470002';
  for (const [action, page] of [
    [`/console/deliveries/${id}/replay?again=true`, '/console/events/01a2319d-dddd-7000-8a1a-7377b4470000'],
    [`/console/events/${id}/erase`, `/console/events/${id}`],
    ['/console/destinations/crm/hold', '/console/destinations/crm'],
    ['/console/sources/shop/state/secret/drop', '/console/sources/shop'],
    ['/console/blocked/release?order_key=a', '/console/blocked'],
    ['/console/alerts/held:crm/ack', '/console/alerts'],
    ['/console/operations', '/console/operations'],
    ['/console/logout', '/console'],
  ]) {
    assert.equal(pageWithForm(action!), page);
  }
});

it('a listener of one terminal answers to this machine alone', () => {
  for (const host of ['localhost', 'localhost:4000', '127.0.0.1:1', '[::1]:80'])
    assert.equal(isLoopback(host), true);
  for (const host of [
    undefined,
    '',
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example:80',
    '10.0.0.1',
  ]) {
    assert.equal(isLoopback(host), false, String(host));
  }
});
