import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Provider, Sample } from '../provider.ts';
import { makeSample } from './sample-event.ts';

const provider = (sample?: Sample): Provider => ({
  id: 'x',
  name: 'X',
  family: 'body',
  needs: [],
  schemes: [],
  idempotencyKey: [],
  eventType: [],
  ...(sample !== undefined && { sample }),
});
const options = { eventType: null, body: null, nowMs: 1_760_000_000_123, uuid: 'u-1' };
const text = (body: Uint8Array) => Buffer.from(body).toString();

describe('a sample event', () => {
  it('has its words replaced, and times that stand alone as numbers', () => {
    const sample: Sample = {
      eventType: 'order.paid',
      body: {
        id: 'evt_{uuid}',
        type: '{event_type}',
        at: '{now_s}',
        ms: ['{now_ms}'],
        iso: '{now_iso}',
        x: '{other}',
      },
      headers: { 'x-event': '{event_type}', 'x-id': '{uuid}' },
    };
    const { body, headers } = makeSample(provider(sample), options);
    assert.deepEqual(JSON.parse(text(body)), {
      ...{ id: 'evt_u-1', type: 'order.paid', at: 1_760_000_000, ms: [1_760_000_000_123] },
      ...{ iso: '2025-10-09T08:53:20.123Z', x: '{other}' },
    });
    assert.deepEqual(headers, { 'content-type': 'application/json', 'x-event': 'order.paid', 'x-id': 'u-1' });
  });

  it('has the type that is asked for', () => {
    const { body } = makeSample(provider(), { ...options, eventType: 'a.b' });
    assert.deepEqual(JSON.parse(text(body)), { id: 'u-1', type: 'a.b' });
  });

  it('as a form has its words encoded', () => {
    const sample = {
      eventType: 'a b&c',
      contentType: 'application/x-www-form-urlencoded',
      body: 'T={event_type}&x=1',
    };
    assert.equal(text(makeSample(provider(sample), options).body), 'T=a%20b%26c&x=1');
  });

  it('gives way to a body of the user, whose bytes are left alone', () => {
    const body = Buffer.from('{"id": "{uuid}"}');
    assert.equal(makeSample(provider(), { ...options, body }).body, body);
  });
});
