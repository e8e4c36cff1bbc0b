import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from '../../testkit/eventually.ts';
import { skipWithout } from '../../testkit/on-path.ts';
import { startReceiver, suiteCleanup, type TestReceiver } from '../../testkit/receiver.ts';
import { readDeploy } from './support/deploy-files.ts';
import { type Prometheus, startPrometheus } from './support/prometheus.ts';
import { anEvent, send } from './support/send.ts';

type Target = Readonly<{ health: string; lastError: string }>;
type Rule = Readonly<{ name: string; health: string; lastError?: string; state: string }>;
type Samples = Readonly<{ result: readonly unknown[] }>;
type Dashboard = Readonly<{
  panels: readonly { title: string; targets?: readonly { expr: string }[] }[];
  annotations: Readonly<{ list: readonly { expr: string }[] }>;
}>;

const ALERTS = 'prometheus/alerts.yml';
const SCENES = [
  {
    file: 'prometheus/prometheus.yml',
    rules: [ALERTS],
    addresses: ['receiver:8000'],
    dashboard: 'webhook-receiver',
  },
  {
    file: 'cluster/prometheus.yml',
    rules: [ALERTS, 'prometheus/cluster-alerts.yml'],
    addresses: ['receiver-1:8000', 'receiver-2:8000'],
    dashboard: 'webhook-receiver-cluster',
  },
];

/** What Grafana puts in for its own variables. */
const asGrafana = (expr: string) =>
  expr.replaceAll('$__rate_interval', '1m').replaceAll('$__range', '15m').replaceAll('$instance', '.*');

async function rulesOf(prometheus: Prometheus): Promise<readonly Rule[]> {
  const { groups } = await prometheus.ask<{ groups: readonly { rules: readonly Rule[] }[] }>('rules');
  return groups.flatMap(({ rules }) => rules);
}

for (const { file, rules, addresses, dashboard } of SCENES) {
  describe(`a real Prometheus on ${file}`, { skip: skipWithout('prometheus') }, () => {
    const cleanup = suiteCleanup();
    let prometheus: Prometheus;
    const receivers: TestReceiver[] = [];

    it('reads every receiver', async () => {
      for (const _ of addresses) receivers.push(await startReceiver(cleanup));
      for (const { url } of receivers) assert.equal((await send(url, anEvent(url))).status, 202);
      const targets = Object.fromEntries(
        addresses.map((address, at) => [address, `127.0.0.1:${receivers[at]!.port}`]),
      );
      prometheus = await startPrometheus(cleanup, { file, rules, targets });
      await eventually('all are read', async () => {
        const { activeTargets } = await prometheus.ask<{ activeTargets: readonly Target[] }>('targets');
        return activeTargets.filter(({ health }) => health === 'up').length === addresses.length;
      });
    });

    it('understands every alert, and with receivers that are well none goes off', async () => {
      // Some go off while nothing was read yet.
      const all = await eventually('all are evaluated, and none goes off', async () => {
        const found = await rulesOf(prometheus);
        return found.every(({ health, state }) => health !== 'unknown' && state === 'inactive') && found;
      });
      const declared = rules.flatMap((each) => [...readDeploy(each).matchAll(/- alert: (\w+)/g)]);
      assert.equal(all.length, declared.length);
      for (const { name, health, lastError = '' } of all) assert.equal(health, 'ok', `${name}: ${lastError}`);
    });

    it('understands every question of the dashboard', async () => {
      const { panels, annotations } = JSON.parse(readDeploy(`grafana/${dashboard}.json`)) as Dashboard;
      const asked = [...panels.flatMap(({ targets = [] }) => targets), ...annotations.list];
      assert.ok(asked.length > 10);
      for (const { expr } of asked) {
        const { result } = await prometheus.ask<Samples>('query', { query: asGrafana(expr) });
        assert.ok(Array.isArray(result), expr);
      }
    });

    it('misses a receiver that is gone', async () => {
      await receivers[0]!.stop();
      await eventually('the alert is on its way', async () =>
        (await rulesOf(prometheus)).some(
          ({ name, state }) => name === 'WebhookReceiverDown' && state === 'pending',
        ),
      );
    });
  });
}
