import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { ConfigError, StoreError } from '../domain/errors.ts';
import { explainFailure } from './explain-failure.ts';

describe('explainFailure', () => {
  it('shows the message alone of what the user can mend', () => {
    assert.equal(explainFailure(new StoreError('STORE_LOCKED', 'x.db is in use')), 'x.db is in use');
    assert.equal(
      explainFailure(new ConfigError(['PORT: got "x"'])),
      'The configuration has 1 mistake:\n  - PORT: got "x"',
    );
  });

  it('names the setting behind an address that cannot be listened on', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as { port: number };
    const taken = createServer().listen(port, '127.0.0.1');
    const [error] = await once(taken, 'error').catch((cause) => [cause]);
    holder.close();
    assert.equal(
      explainFailure(error),
      `listen EADDRINUSE: address already in use 127.0.0.1:${port}: give PORT another value`,
    );

    const unknown = Object.assign(new Error('getaddrinfo ENOTFOUND nowhere'), {
      code: 'ENOTFOUND',
      syscall: 'getaddrinfo',
    });
    assert.match(explainFailure(unknown), /^getaddrinfo ENOTFOUND nowhere: give HOST a name/);
    const strange = Object.assign(new Error('listen EINVAL'), { code: 'EINVAL', syscall: 'listen' });
    assert.equal(explainFailure(strange), 'listen EINVAL: check HOST and PORT');
  });

  it('shows the stack of a mistake in the program', () => {
    assert.match(explainFailure(new TypeError('x is not a function')), /^TypeError: x .*\n\s+at /);
    assert.equal(explainFailure('thrown text'), 'thrown text');
  });
});
