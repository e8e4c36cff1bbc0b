import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HandlerEvent } from '../handlers/target.ts';
import { checkFile } from './check-file.ts';
import { defineConfig } from './define-config.ts';
import { env } from './env.ts';

type Order = { id: number };

describe('defineConfig', () => {
  it('gives back what it is given', () => {
    const value = { sources: { orders: {} } };
    assert.equal(defineConfig(value), value);
  });

  it('takes handlers that say which payload they expect', () => {
    const config = defineConfig({
      destinations: {
        typed: { handler: (event: HandlerEvent<Order>) => event.payload.id },
        untyped: { handler: async (event, context) => [event.eventType, context.attempt] },
        module: { handler: './handler.ts', concurrency: undefined },
      },
    });
    assert.deepEqual(checkFile(config, 'config').problems, []);
  });

  it('takes sources with verification', () => {
    const config = defineConfig({
      sources: {
        github: { provider: 'github', secret: env('PATH') },
        stripe: { provider: 'stripe', secrets: ['a', 'b'], public_url: 'https://h/', reply: { status: 200 } },
        partner: {
          verify: { alg: 'hmac', hash: 'sha256', sig: { from: 'header:X-Signature' } },
          secret: 'x',
          idempotencyKey: 'header:X-Id',
          eventType: ['body:/type', '{header:X-Kind}'],
        },
      },
    });
    assert.deepEqual(checkFile(config, 'config').problems, []);
  });

  it('has types that refuse what the check refuses', () => {
    const wrong = [
      // @ts-expect-error both
      defineConfig({ destinations: { d: { url: 'http://h/', handler: () => {} } } }),
      // @ts-expect-error neither
      defineConfig({ destinations: { d: {} } }),
      // @ts-expect-error headers go with url
      defineConfig({ destinations: { d: { handler: () => {}, headers: {} } } }),
      // @ts-expect-error unknown key
      defineConfig({ destinations: { d: { url: 'http://h/', timeoutMs: 5 } } }),
      // @ts-expect-error unknown key
      defineConfig({ sources: { orders: { x: 1 } } }),
      // @ts-expect-error both
      defineConfig({ sources: { s: { provider: 'github', verify: { alg: 'basic' }, secret: 'x' } } }),
      // @ts-expect-error neither
      defineConfig({ sources: { s: { secret: 'x' } } }),
      // @ts-expect-error both
      defineConfig({ sources: { s: { provider: 'github', secret: 'x', secrets: ['y'] } } }),
      // @ts-expect-error unknown member of a scheme
      defineConfig({ sources: { s: { verify: { alg: 'basic', sgi: 1 }, secret: 'x' } } }),
      // @ts-expect-error a secret that may be undefined
      defineConfig({ sources: { s: { provider: 'github', secret: process.env.NO_SUCH_VARIABLE } } }),
      // @ts-expect-error a secret that may be undefined
      defineConfig({ destinations: { d: { url: 'http://h/', secret: undefined } } }),
    ];
    for (const config of wrong) assert.equal(checkFile(config, 'config').problems.length, 1);
  });
});
