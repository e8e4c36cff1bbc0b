import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { createFakeClock } from '../../../testkit/fake-clock.ts';
import { createSeededRandom } from '../../../testkit/seeded-random.ts';
import { FirstIds } from '../ids.ts';
import { SAMPLERS, type SamplerName } from './sdk-options.ts';
import { startSdk } from './start-sdk.ts';

const EVENTS = 1_000;

const parentOf = (traceId: string, traceFlags: number) =>
  trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: 'cd'.repeat(8), traceFlags, isRemote: true });

/** How many of a thousand events are recorded: without a sender's trace, and where a trusted one is, or is not, recorded. */
async function shares(sampler: SamplerName, samplerRatio: number) {
  const { engine, close } = startSdk({
    traces: {
      ...{ url: 'http://127.0.0.1:9', headers: {}, timeoutMs: 1_000, compression: 'none' },
      ...{ sampler, samplerRatio },
      batch: { delayMs: 1_000, exportTimeoutMs: 1_000, maxQueue: 10, maxBatch: 10 },
    },
    ...{ resource: {}, version: '0', clock: createFakeClock(), random: createSeededRandom(1) },
    counts: { exported() {}, dropped() {} },
  });
  const ids = Array.from({ length: EVENTS }, (_, at) => new FirstIds(`event ${at}`, true).traceId);
  const count = (parent: (traceId: string) => typeof ROOT_CONTEXT) =>
    ids.filter((id) => engine.samples(id, parent(id))).length;
  const counts = [count(() => ROOT_CONTEXT), count((id) => parentOf(id, 1)), count((id) => parentOf(id, 0))];
  await close(0);
  return counts;
}

describe('the samplers of OTEL_TRACES_SAMPLER', () => {
  const ALL = EVENTS;
  const expected: Readonly<Record<SamplerName, (tenth: number) => readonly number[]>> = {
    always_on: () => [ALL, ALL, ALL],
    always_off: () => [0, 0, 0],
    traceidratio: (tenth) => [tenth, tenth, tenth],
    parentbased_always_on: () => [ALL, ALL, 0],
    parentbased_always_off: () => [0, ALL, 0],
    parentbased_traceidratio: (tenth) => [tenth, ALL, 0],
  };
  for (const sampler of SAMPLERS) {
    it(`${sampler} decides by the ids of events, and as its name says by the sender's trace`, async () => {
      const counts = await shares(sampler, 0.1);
      const tenth = sampler.endsWith('ratio') ? counts[0]! : 0;
      if (sampler.endsWith('ratio')) assert.ok(tenth > 70 && tenth < 130, `${tenth}`);
      assert.deepEqual(counts, expected[sampler](tenth));
    });
  }

  it('by ratio take the same events on every node', async () => {
    assert.deepEqual(await shares('traceidratio', 0.5), await shares('traceidratio', 0.5));
    assert.deepEqual(await shares('traceidratio', 0), [0, 0, 0]);
    assert.deepEqual(await shares('traceidratio', 1), [ALL, ALL, ALL]);
  });
});
