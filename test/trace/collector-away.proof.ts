import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from '../../testkit/eventually.ts';
import { type Behaviour, startOtlpReceiver } from '../../testkit/otlp-receiver.ts';
import type { Cleanup } from '../../testkit/receiver.ts';
import { startTraced } from './support.ts';

/** Little enough that a few events fill it. */
const SMALL = {
  OTEL_BSP_MAX_QUEUE_SIZE: '20',
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '5',
  OTEL_BSP_SCHEDULE_DELAY: '1',
  OTEL_EXPORTER_OTLP_TIMEOUT: '200',
  OTEL_BSP_EXPORT_TIMEOUT: '200',
};
const EVENTS = 30;
/** Those of the events, and the three clean-ups at the start. */
const SPANS = 6 * EVENTS + 3;

async function run(t: Cleanup, url: string, env: Readonly<Record<string, string>> = {}) {
  let handled = 0;
  const handler = () => {
    handled += 1;
  };
  const receiver = await startTraced(
    t,
    { url },
    { destinations: { billing: { handler } } },
    { ...SMALL, ...env },
  );
  const ids = await Promise.all(Array.from({ length: EVENTS }, (_, at) => receiver.accept(`${at}`)));
  await eventually(
    'every event is handled',
    () => handled === EVENTS,
    () => handled,
  );
  const counted = async () => {
    const text = await (await fetch(`${receiver.url}/metrics`)).text();
    const numbers = [...text.matchAll(/^webhook_spans_(?:exported|dropped)_total\S* (\d+)$/gm)];
    return numbers.map(([, number]) => Number(number)).reduce((sum, number) => sum + number, 0);
  };
  return { receiver, ids, counted };
}

describe('a collector that takes no spans', () => {
  for (const behaviour of ['refuse', 'hang'] as const satisfies readonly Behaviour[]) {
    it(`costs no event when it is to ${behaviour}, and every span is counted`, async (t) => {
      const collector = await startOtlpReceiver(t);
      collector.behave(behaviour);
      const { receiver, ids, counted } = await run(t, collector.url);
      assert.equal(new Set(ids).size, EVENTS);
      await eventually('all spans are counted', async () => (await counted()) === SPANS, counted);
      await receiver.stop();
    });
  }

  it('costs no event when it is away', async (t) => {
    const { receiver, counted } = await run(t, 'http://127.0.0.1:9');
    await eventually('all spans are counted', async () => (await counted()) === SPANS, counted);
    await receiver.stop();
  });

  it('does not keep a stop beyond its grace', async (t) => {
    const collector = await startOtlpReceiver(t);
    collector.behave('hang');
    const { receiver } = await run(t, collector.url, {
      ...{ SHUTDOWN_GRACE: '0.5', OTEL_EXPORTER_OTLP_TIMEOUT: '600000', OTEL_BSP_EXPORT_TIMEOUT: '600000' },
    });
    // Without a bound this would be ten minutes.
    await receiver.stop();
  });
});

it('a stop sends what is recorded', async (t) => {
  const collector = await startOtlpReceiver(t);
  const { receiver } = await run(t, collector.url, {
    OTEL_BSP_SCHEDULE_DELAY: '600000',
    OTEL_BSP_MAX_QUEUE_SIZE: '2048',
  });
  await receiver.stop();
  assert.equal(collector.spans.length, SPANS);
});
