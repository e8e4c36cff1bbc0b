import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { readEnv } from '../../src/config/settings.ts';
import { PROVIDERS } from '../../src/verify/providers/index.ts';
import { clusterCompose, parseDeploy, readDeploy, withDefaults } from './support/deploy-files.ts';
import { defaultOf, isSetting } from './support/settings.ts';

const CLUSTER = path.join(import.meta.dirname, '../../deploy/cluster');
const { services, networks, volumes } = clusterCompose();
const RECEIVERS = ['receiver-1', 'receiver-2'] as const;

function seconds(duration: string | undefined): number {
  return Number(/^(\d+)s$/.exec(duration ?? '')![1]);
}

describe('compose.yaml of the cluster', () => {
  for (const name of RECEIVERS) {
    const receiver = services[name]!;

    test(`${name} gets settings that exist, with values that the program takes`, () => {
      const environment = Object.fromEntries(
        Object.entries(receiver.environment!).map(([key, value]) => [key, withDefaults(value)]),
      );
      for (const key of Object.keys(environment)) assert.ok(isSetting(key), key);
      assert.deepEqual(readEnv(environment).problems, []);
    });

    test(`${name} is given longer to stop than it takes`, () => {
      const grace = Number(receiver.environment!.SHUTDOWN_GRACE);
      assert.ok(seconds(receiver.stop_grace_period) >= grace + 10);
    });

    test(`${name} is reached through nginx only, and nothing of it can be written`, () => {
      assert.equal(receiver.ports, undefined);
      assert.equal(receiver.read_only, true);
    });
  }

  test('both receivers are the same', () => {
    assert.deepEqual(services['receiver-1'], services['receiver-2']);
  });

  test('nginx refuses bodies where the receivers do', () => {
    const ofNginx = services.nginx!.environment!.MAX_BODY_BYTES;
    const largest = Math.max(...PROVIDERS.map(({ maxBodyBytes = 0 }) => maxBodyBytes));
    assert.equal(Number(withDefaults(ofNginx!)), largest);
    // Unset, so that each source has its provider's limit.
    assert.equal(withDefaults(services['receiver-1']!.environment!.MAX_BODY_BYTES!), '');
  });

  test('nginx and Prometheus know the receivers by name, each of them and no others', () => {
    const upstream = [...readDeploy('cluster/nginx.conf.template').matchAll(/^ +server ([\w-]+:\d+) /gm)];
    const { scrape_configs } = parseDeploy<{
      scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[];
    }>('cluster/prometheus.yml');
    const expected = RECEIVERS.map((name) => `${name}:${defaultOf('PORT')}`);
    assert.deepEqual(
      upstream.map(([, address]) => address),
      expected,
    );
    assert.deepEqual(scrape_configs[0]!.static_configs[0]!.targets, expected);
    assert.equal(scrape_configs[0]!.job_name, 'webhook-receiver');
  });

  test('only nginx, Prometheus and Grafana have ports, the latter two on this machine alone', () => {
    const open = Object.entries(services).flatMap(([name, { ports = [] }]) =>
      ports.map((port) => `${name} ${port}`),
    );
    assert.deepEqual(open, [
      'nginx 8080:8080',
      'prometheus 127.0.0.1:9090:9090',
      'grafana 127.0.0.1:3000:3000',
    ]);
    assert.equal(networks.inside!.internal, true);
    for (const name of [...RECEIVERS, 'postgres', 'redis'])
      assert.deepEqual(services[name]!.networks, ['inside']);
  });

  test('every file that is mounted is there, and every volume is declared', () => {
    for (const { volumes: mounts = [] } of Object.values(services)) {
      for (const mount of mounts) {
        const [from] = mount.split(':') as [string];
        assert.ok(from.startsWith('.') ? existsSync(path.join(CLUSTER, from)) : from in volumes, mount);
      }
    }
  });

  test('a commit is durable: nobody turned that off', () => {
    const command = services.postgres!.command as readonly string[];
    assert.ok(command.includes('synchronous_commit=on'));
    assert.ok(!command.some((word) => /fsync|full_page_writes/.test(word)));
  });

  test('images are of a version', () => {
    for (const [name, { image }] of Object.entries(services)) {
      if (image === 'webhook-receiver') continue;
      assert.match(image!, /:v?\d/, name);
    }
  });

  test('what has to be set is in .env.example', () => {
    const required = [...readDeploy('cluster/compose.yaml').matchAll(/\$\{(\w+):\?/g)].map(
      ([, name]) => name!,
    );
    assert.ok(required.length > 0);
    for (const name of required)
      assert.match(readDeploy('cluster/.env.example'), new RegExp(`^${name}=`, 'm'));
  });
});
