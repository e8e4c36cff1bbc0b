import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HandlerEvent } from '../handlers/target.ts';
import { checkFile } from './check-file.ts';
import { defineConfig } from './define-config.ts';

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
      // @ts-expect-error a secret that may be undefined
      defineConfig({ destinations: { d: { url: 'http://h/', secret: undefined } } }),
    ];
    for (const config of wrong) assert.equal(checkFile(config, 'config').problems.length, 1);
  });
});
