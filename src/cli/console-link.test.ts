import assert from 'node:assert/strict';
import { it } from 'node:test';
import { runOnReceiver } from '../../testkit/run-on-receiver.ts';
import { addConsoleLinkCommand } from './console-link.ts';

it('console-link prints the link at the receiver that was asked', async (t) => {
  const answer = { path: '/console/enter?code=abc', expires_at: '2026-11-01T10:00:00.000Z' };
  const { asked, output } = await runOnReceiver(t, addConsoleLinkCommand, ['console-link'], () => answer);
  assert.deepEqual(
    asked.map(({ method, url }) => `${method} ${url}`),
    ['POST /admin/console-link'],
  );
  assert.match(output, /^http:\/\/127\.0\.0\.1:\d+\/console\/enter\?code=abc\n$/);
});
