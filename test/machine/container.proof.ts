import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { skipWithout } from '../../testkit/on-path.ts';
import { startOtlpReceiver } from '../../testkit/otlp-receiver.ts';
import { runAsRoot } from './run-as-root.ts';

describe('the Dockerfile', { skip: skipWithout('debootstrap') || skipWithout('buildah') }, () => {
  it('makes an image that takes an event as its own user, keeps it in /data, and stops on SIGTERM', async (t) => {
    const collector = await startOtlpReceiver(t);
    const output = await runAsRoot('container.sh', collector.url);

    assert.match(
      output,
      /^user node, signal SIGTERM, command node --max-semi-space-size=8 bin\/webhook-receiver\.js serve$/m,
    );
    assert.match(output, /^answered 202, stored order-42-created$/m);
    assert.match(output, /^uid 1000 has data 700 data\/events\.db 600/m);
    assert.match(output, /^ended with status 0$/m);
    assert.match(output, /^stopped$/m);

    const accept = collector.spans.find(({ kind }) => kind === 'SERVER');
    assert.deepEqual(
      [accept?.attributes['webhook.accept.result'], accept?.resource['service.name']],
      ['accepted', 'webhook-receiver'],
    );
    const [server, verify, insert, attempt] = collector.tree(accept!.traceId);
    assert.deepEqual(
      [server, verify, insert],
      ['POST /webhooks/{source} SERVER', '  verify INTERNAL', '  insert INTERNAL'],
    );
    // The stop may have released the attempt; it is recorded either way.
    assert.match(attempt ?? '', /^ {2}process \w+ CONSUMER/);
  });
});
