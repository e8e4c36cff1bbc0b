import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Registry } from 'prom-client';
import type { FailureGroup } from '../../store/store.ts';
import { createFailureGauges } from './failures.ts';
import { createNames } from './names.ts';

it('shows how many causes dead letters have, and how many dead letters are beyond them', async () => {
  const registry = new Registry();
  const gauges = createFailureGauges(registry, createNames(['crm', 'erp']));
  const group = (destination: string, name: string | null, count: number): FailureGroup => ({
    ...{ destination, group: name, count, firstAtMs: 0, lastAtMs: 0, sample: null },
  });
  gauges.set([group('crm', 'a', 9), group('crm', 'b', 3), group('crm', null, 40), group('gone', 'c', 1)]);
  const samples = async () => (await registry.metrics()).split('\n').filter((line) => /^webhook/.test(line));
  assert.deepEqual(await samples(), [
    'webhook_failure_groups{destination="crm"} 2',
    'webhook_failure_groups{destination="erp"} 0',
    'webhook_failure_groups{destination="gone"} 1',
    'webhook_failures_other{destination="crm"} 40',
    'webhook_failures_other{destination="erp"} 0',
  ]);
  gauges.set([]);
  assert.equal((await samples()).filter((line) => line.endsWith(' 0')).length, 4);
  gauges.clear();
  assert.deepEqual(await samples(), []);
});
