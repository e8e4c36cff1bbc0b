import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { ROOT_CONTEXT, SamplingDecision, SpanKind } from '@opentelemetry/api';
import { FirstIds } from '../ids.ts';
import { rootDecision } from './root-decision.ts';
import { SAMPLERS } from './sdk-options.ts';
import { samplerOf } from './start-sdk.ts';

test('the decision by the hash is that of the sampler', () => {
  for (const name of SAMPLERS) {
    for (const ratio of [0, 0.0001, 0.1, 0.5, 0.999, 1]) {
      const [decide, sampler] = [rootDecision(name, ratio), samplerOf(name, ratio)];
      for (let count = 0; count < 500; count += 1) {
        const id = randomUUID();
        const { traceId } = new FirstIds(id, true);
        const { decision } = sampler.shouldSample(ROOT_CONTEXT, traceId, '', SpanKind.SERVER, {}, []);
        assert.equal(decide(id), decision === SamplingDecision.RECORD_AND_SAMPLED, `${name} ${ratio} ${id}`);
      }
    }
  }
});
