import assert from 'node:assert/strict';
import { it } from 'node:test';
import { eventually } from '../../testkit/eventually.ts';
import { startOtlpReceiver } from '../../testkit/otlp-receiver.ts';
import { receiverFolder } from '../../testkit/receiver-process.ts';
import { idsOf } from './support.ts';

const HOST = new URL('./host-sdk.js', import.meta.url).href;
const CONFIG = 'export default { destinations: { sink: { handler: () => {} } } };';

it('the command makes its spans by an SDK that was set up with --import, whose variables it leaves alone', async (t) => {
  const [own, other] = [await startOtlpReceiver(t), await startOtlpReceiver(t)];
  const folder = await receiverFolder(t, {
    config: CONFIG,
    env: {
      NODE_OPTIONS: `--import=${HOST}`,
      HOST_COLLECTOR: own.url,
      OTEL_EXPORTER_OTLP_ENDPOINT: other.url,
      OTEL_TRACES_SAMPLER: 'a sampler of the host alone',
    },
  });
  const receiver = await folder.start();
  const answer = await fetch(`${receiver.url}/webhooks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ idempotency_key: '1', event_type: 'a', payload: {} }),
  });
  const { traceId } = idsOf(((await answer.json()) as { id: string }).id);
  const tree = () => own.tree(traceId);
  await eventually(
    'all spans have come',
    () => tree().length === 6,
    () => tree().length,
  );
  assert.deepEqual(tree(), [
    'POST /webhooks/{source} SERVER',
    '  verify INTERNAL',
    '  insert INTERNAL',
    '  process sink CONSUMER',
    '    handler INTERNAL',
    '    settle INTERNAL',
  ]);
  assert.equal(own.spans[0]!.resource['service.name'], 'the-host');
  await receiver.stop();
  assert.deepEqual(other.spans, []);
});
