import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createReceiver, defineConfig, env } from './index.ts';

/**
 * Checked by the compiler: each `@ts-expect-error` fails the check of types once the line below it compiles. Nothing
 * here runs.
 */
export function typesOfConfig(): void {
  defineConfig({ sources: { a: { provider: 'github', secret: env('S') } } });
  defineConfig({ sources: { a: { provider: 'github', secrets: [env('S'), env('T')] } } });
  defineConfig({ sources: { a: { provider: 'discord', publicKey: env('K') } } });
  defineConfig({ sources: { a: { provider: 'asana' }, b: {} } });
  defineConfig({ sources: { a: { provider: 'gitlab-signing', secret: 's', maxBodyBytes: 1000 } } });
  // @ts-expect-error: there is no such provider
  defineConfig({ sources: { a: { provider: 'gihtub', secret: 's' } } });
  // @ts-expect-error: GitHub signs with a secret
  defineConfig({ sources: { a: { provider: 'github' } } });
  // @ts-expect-error: Discord signs with its private key
  defineConfig({ sources: { a: { provider: 'discord' } } });
  // @ts-expect-error: one or several
  defineConfig({ sources: { a: { provider: 'github', secret: 's', secrets: ['s'] } } });
  // @ts-expect-error: a source needs a provider or a scheme to have a secret
  defineConfig({ sources: { a: { secret: 's' } } });
}

export function typesOfReceiver(): void {
  createReceiver({ env: { PORT: '0', ADMIN_TOKEN: process.env.ADMIN_TOKEN } });
  createReceiver({ env: process.env });
  // @ts-expect-error: there is no such variable
  createReceiver({ env: { PROT: '0' } });
  // @ts-expect-error: variables are texts
  createReceiver({ env: { PORT: 0 } });
}

it('compiles', () => {
  assert.equal(typeof typesOfConfig, 'function');
  assert.equal(typeof typesOfReceiver, 'function');
});
