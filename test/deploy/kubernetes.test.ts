import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { checkFile } from '../../src/config/check-file.ts';
import { readEnv } from '../../src/config/settings.ts';
import { openApiDocument } from '../../src/http/docs/openapi.ts';
import { tempDir } from '../../testkit/temp-dir.ts';
import { read as readPage, rowNames } from '../docs/support.ts';
import { parseDeploy, parseDeployAll, readDeploy } from './support/deploy-files.ts';
import { isSetting } from './support/settings.ts';

type Labels = Readonly<Record<string, string>>;
type Selector = Readonly<{ matchLabels: Labels }>;
type Metadata = Readonly<{ name: string; namespace?: string; labels?: Labels; annotations?: Labels }>;
type Probe = Readonly<{
  httpGet: { path: string; port: string };
  periodSeconds: number;
  failureThreshold: number;
}>;
type Container = Readonly<{
  image: string;
  ports: { name: string; containerPort: number }[];
  envFrom: { configMapRef?: { name: string }; secretRef?: { name: string } }[];
  env?: { name: string }[];
  startupProbe: Probe;
  livenessProbe: Probe;
  readinessProbe: Probe;
  lifecycle: { preStop: { sleep: { seconds: number } } };
  resources: { requests: Labels; limits: Labels };
  securityContext: Readonly<Record<string, unknown>>;
  volumeMounts: { name: string; mountPath: string }[];
}>;
type PodSpec = Readonly<{
  automountServiceAccountToken: boolean;
  terminationGracePeriodSeconds: number;
  securityContext: Readonly<Record<string, unknown>>;
  containers: Container[];
  volumes: { name: string; configMap?: { name: string } }[];
  topologySpreadConstraints: { labelSelector: Selector }[];
}>;
type Port = Readonly<{ name?: string; port: number | string; targetPort?: string }>;
type Metric = Readonly<{
  type: string;
  external?: { metric: { name: string }; target: { type: string; value: string } };
}>;
type Manifest = Readonly<{
  apiVersion: string;
  kind: string;
  metadata: Metadata;
  data?: Labels;
  stringData?: Labels;
  // biome-ignore lint/suspicious/noExplicitAny: each kind has its own
  spec?: any;
}>;

const KUSTOMIZATION = parseDeploy<{ resources: string[]; images: { name: string }[]; namespace: string }>(
  'kubernetes/kustomization.yaml',
);
const MANIFESTS = KUSTOMIZATION.resources.flatMap((file) => parseDeployAll<Manifest>(`kubernetes/${file}`));
const SECRET = parseDeploy<Manifest>('kubernetes/secret.example.yaml');

function manifest(kind: string, name = 'webhook-receiver'): Manifest {
  const found = MANIFESTS.filter((each) => each.kind === kind && each.metadata.name === name);
  assert.equal(found.length, 1, `${kind} ${name}`);
  return found[0]!;
}

const DEPLOYMENT = manifest('Deployment');
const POD = DEPLOYMENT.spec.template as { metadata: Metadata; spec: PodSpec };
const [CONTAINER] = POD.spec.containers as [Container];
const SETTINGS_MAP = manifest('ConfigMap', 'webhook-receiver-settings').data!;
const CONFIG_MAP = manifest('ConfigMap', 'webhook-receiver-config').data!;

describe('the kustomization', () => {
  test('has every manifest of the folder, and no others', () => {
    const files = globSync('*.yaml', { cwd: path.join(import.meta.dirname, '../../deploy/kubernetes') });
    const others = [
      'kustomization.yaml',
      'secret.example.yaml',
      'prometheus.scrape.yaml',
      'prometheus-adapter.values.yaml',
    ];
    assert.deepEqual(files.toSorted(), [...KUSTOMIZATION.resources, ...others].toSorted());
  });

  test('names the image that the deployment has', () => {
    assert.deepEqual(
      KUSTOMIZATION.images.map(({ name }) => name),
      [CONTAINER.image],
    );
  });

  test('puts all into the namespace that the secret and Prometheus expect', () => {
    assert.equal(manifest('Namespace').metadata.name, KUSTOMIZATION.namespace);
    assert.equal(SECRET.metadata.namespace, KUSTOMIZATION.namespace);
    assert.ok(
      readDeploy('kubernetes/prometheus.scrape.yaml').includes(`names: [${KUSTOMIZATION.namespace}]`),
    );
  });
});

describe('the pods', () => {
  test('are those that everything else selects', () => {
    const labels = POD.metadata.labels!;
    const selectors: Labels[] = [
      DEPLOYMENT.spec.selector.matchLabels,
      manifest('Service').spec.selector,
      manifest('PodDisruptionBudget').spec.selector.matchLabels,
      manifest('NetworkPolicy').spec.podSelector.matchLabels,
      ...POD.spec.topologySpreadConstraints.map(({ labelSelector }) => labelSelector.matchLabels),
    ];
    for (const selector of selectors) {
      assert.ok(Object.keys(selector).length > 0);
      for (const [name, value] of Object.entries(selector)) assert.equal(labels[name], value);
    }
  });

  test('get settings that exist, with values that the program takes', () => {
    for (const name of Object.keys(SETTINGS_MAP)) assert.ok(isSetting(name), name);
    assert.equal(CONTAINER.env, undefined, 'all of them are in the ConfigMap and the Secret');
    const { problems } = readEnv(SETTINGS_MAP);
    assert.deepEqual(problems, []);
  });

  test('get secrets that are settings, or that the config file asks for', () => {
    const asked = [...CONFIG_MAP['webhooks.config.mjs']!.matchAll(/process\.env\.(\w+)/g)].map(
      ([, name]) => name!,
    );
    const given = Object.keys(SECRET.stringData!);
    for (const name of given) assert.ok(isSetting(name) || asked.includes(name), name);
    for (const name of asked) assert.ok(given.includes(name), name);
    assert.ok(given.includes('DATABASE_URL'));
    for (const name of given) assert.ok(!(name in SETTINGS_MAP), `${name} is in one of the two`);
  });

  test('take both from maps that are there', () => {
    const [settings, secret] = CONTAINER.envFrom;
    assert.equal(settings!.configMapRef!.name, 'webhook-receiver-settings');
    assert.equal(secret!.secretRef!.name, SECRET.metadata.name);
  });

  test('find the config file where CONFIG says, and it is a right one', async (t) => {
    const mount = CONTAINER.volumeMounts.find(({ name }) => name === 'config')!;
    const volume = POD.spec.volumes.find(({ name }) => name === 'config')!;
    assert.equal(volume.configMap!.name, 'webhook-receiver-config');
    const name = path.posix.relative(mount.mountPath, SETTINGS_MAP.CONFIG!);
    const file = path.join(await tempDir(t), name);
    await writeFile(file, CONFIG_MAP[name]!);
    process.env.BILLING_SECRET = SECRET.stringData!.BILLING_SECRET!;
    t.after(() => delete process.env.BILLING_SECRET);
    const { default: value } = await import(pathToFileURL(file).href);
    assert.deepEqual(checkFile(value, name).problems, []);
  });

  test('listen where probes, service, policy and Prometheus look', () => {
    const [port] = CONTAINER.ports;
    assert.equal(String(port!.containerPort), SETTINGS_MAP.PORT);
    assert.equal(POD.metadata.annotations!['prometheus.io/port'], SETTINGS_MAP.PORT);
    for (const probe of [CONTAINER.startupProbe, CONTAINER.livenessProbe, CONTAINER.readinessProbe]) {
      assert.equal(probe.httpGet.port, port!.name);
    }
    const ports = manifest('Service').spec.ports as Port[];
    assert.deepEqual(
      ports.map(({ targetPort }) => targetPort),
      [port!.name],
    );
    assert.equal(manifest('NetworkPolicy').spec.ingress[0].ports[0].port, port!.name);
  });

  test('are probed at endpoints that exist, each for what it tells', () => {
    const { paths } = openApiDocument('0.0.0') as { paths: Readonly<Record<string, unknown>> };
    const of = ({ httpGet }: Probe) => httpGet.path;
    assert.equal(of(CONTAINER.readinessProbe), '/ready');
    assert.equal(of(CONTAINER.livenessProbe), '/health', 'a restart does not mend a database that is away');
    assert.equal(of(CONTAINER.startupProbe), '/health');
    for (const each of ['/ready', '/health', POD.metadata.annotations!['prometheus.io/path']!]) {
      assert.ok(each in paths, each);
    }
  });

  test('are given longer to stop than they take', () => {
    const preStop = CONTAINER.lifecycle.preStop.sleep.seconds;
    // After the grace the receiver may need some seconds for clients and the store: docs/operations.md says 10.
    assert.ok(POD.spec.terminationGracePeriodSeconds >= preStop + Number(SETTINGS_MAP.SHUTDOWN_GRACE) + 10);
  });

  test('have no more rights than the program needs', () => {
    assert.equal(POD.spec.automountServiceAccountToken, false);
    assert.equal(POD.spec.securityContext.runAsNonRoot, true);
    assert.notEqual(POD.spec.securityContext.runAsUser, 0);
    const { allowPrivilegeEscalation, readOnlyRootFilesystem, capabilities } = CONTAINER.securityContext;
    assert.deepEqual(
      { allowPrivilegeEscalation, readOnlyRootFilesystem, capabilities },
      { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    );
    assert.ok(CONTAINER.resources.requests.cpu && CONTAINER.resources.requests.memory);
    assert.ok(CONTAINER.resources.limits.memory);
  });

  test('mount volumes that are there', () => {
    const names = POD.spec.volumes.map(({ name }) => name);
    assert.deepEqual(CONTAINER.volumeMounts.map(({ name }) => name).toSorted(), names.toSorted());
  });
});

describe('the autoscaler', () => {
  const scaler = manifest('HorizontalPodAutoscaler').spec;
  const adapter = parseDeploy<{ rules: { external: { seriesQuery: string; name: { as: string } }[] } }>(
    'kubernetes/prometheus-adapter.values.yaml',
  );

  test('scales the deployment, which has no number of its own', () => {
    const { apiVersion, kind, name } = scaler.scaleTargetRef;
    assert.deepEqual(
      [apiVersion, kind, name],
      [DEPLOYMENT.apiVersion, 'Deployment', DEPLOYMENT.metadata.name],
    );
    assert.equal(DEPLOYMENT.spec.replicas, undefined);
    assert.ok(scaler.minReplicas >= 2 && scaler.minReplicas < scaler.maxReplicas);
  });

  test('goes by the age of the backlog, which the adapter makes of a metric that exists', () => {
    const documented = rowNames(readPage('docs/metrics.md'));
    const wanted = (scaler.metrics as Metric[]).filter(({ type }) => type === 'External');
    assert.equal(wanted.length, 1);
    const { metric, target } = wanted[0]!.external!;
    assert.equal(target.type, 'Value', 'one backlog for all pods: no share per pod');
    const rule = adapter.rules.external.find(({ name }) => name.as === metric.name);
    const [series] = rule!.seriesQuery.split('{');
    assert.ok(documented.includes(series!));
    assert.equal(metric.name, 'webhook_oldest_pending_age_seconds');
  });

  test('a drain leaves pods, and is not held up for ever', () => {
    const { maxUnavailable, minAvailable } = manifest('PodDisruptionBudget').spec;
    assert.equal(maxUnavailable, 1);
    assert.equal(minAvailable, undefined);
    assert.ok(scaler.minReplicas > maxUnavailable);
  });
});

test('Prometheus gives the job the name that the alerts go by', () => {
  const [job] = parseDeploy<{ job_name: string }[]>('kubernetes/prometheus.scrape.yaml');
  assert.ok(readDeploy('prometheus/alerts.yml').includes(`job="${job!.job_name}"`));
});
