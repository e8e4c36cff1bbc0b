import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { skipWithout } from '../../testkit/on-path.ts';
import { runAsRoot } from './run-as-root.ts';

describe('the Dockerfile', { skip: skipWithout('debootstrap') || skipWithout('buildah') }, () => {
  it('makes an image that takes an event as its own user, keeps it in /data, and stops on SIGTERM', async () => {
    const output = await runAsRoot('container.sh');

    assert.match(output, /^user node, signal SIGTERM, command node bin\/webhook-receiver\.js serve$/m);
    assert.match(output, /^answered 202, stored order-42-created$/m);
    assert.match(output, /^uid 1000 has data 700 data\/events\.db 600/m);
    assert.match(output, /^ended with status 0$/m);
    assert.match(output, /^stopped$/m);
  });
});
