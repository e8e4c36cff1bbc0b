import { eventually } from './eventually.ts';
import { type RedisServer, startRedis } from './redis.ts';
import { freePort } from './server-process.ts';

/** After so long without a sign of it the others hold a node to be dead. */
const NODE_TIMEOUT_MS = 1_000;
const SLOTS = 16_384;

export type ClusterNode = RedisServer & Readonly<{ id: string; busPort: number }>;

export type RedisCluster = Readonly<{
  masters: readonly ClusterNode[];
  /** One of each master in the same order, or none. */
  replicas: readonly ClusterNode[];
  /** All of them. */
  nodes: readonly ClusterNode[];
  /** Sends one command to each node that answers. */
  onAll(...args: string[]): Promise<void>;
  /** The node that has the key, as `asked` sees it. */
  ownerOf(key: string, asked?: ClusterNode): Promise<ClusterNode>;
  /** Resolves when each of these nodes (all by default) takes the cluster to be whole. */
  isWhole(nodes?: readonly ClusterNode[]): Promise<void>;
  /** Resolves when each of these nodes has noticed that another is gone. */
  isFailing(nodes: readonly ClusterNode[]): Promise<void>;
  /** Begins to move the key's slot, with the key if it is there. Until it is ended the source answers ASK. */
  beginMove(key: string): Promise<Readonly<{ from: ClusterNode; to: ClusterNode; end(): Promise<void> }>>;
  dispose(): Promise<void>;
}>;

/** Starts three masters that share the slots evenly, each with a replica if asked for. */
export async function startRedisCluster({ hasReplicas = false } = {}): Promise<RedisCluster> {
  const started: ClusterNode[] = [];
  const dispose = async () => void (await Promise.all(started.map((node) => node.dispose())));
  try {
    const count = hasReplicas ? 6 : 3;
    for (let at = 0; at < count; at++) started.push(await startNode());
    await join(started.slice(0, 3), started.slice(3));
  } catch (error) {
    await dispose();
    throw error;
  }
  return describeCluster(started.slice(0, 3), started.slice(3), dispose);
}

async function startNode(): Promise<ClusterNode> {
  const busPort = await freePort();
  const settings = {
    'cluster-enabled': 'yes',
    // By default the other port plus 10,000, which may be none.
    'cluster-port': String(busPort),
    'cluster-node-timeout': String(NODE_TIMEOUT_MS),
    // A replica takes over however old what it has is.
    'cluster-replica-validity-factor': '0',
  };
  const server = await startRedis(Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]));
  return { ...server, busPort, id: String(await server.command('CLUSTER', 'MYID')) };
}

async function join(masters: readonly ClusterNode[], replicas: readonly ClusterNode[]): Promise<void> {
  const nodes = [...masters, ...replicas];
  for (const [at, master] of masters.entries()) {
    const from = Math.ceil((at * SLOTS) / masters.length);
    const to = Math.ceil(((at + 1) * SLOTS) / masters.length) - 1;
    await master.command('CLUSTER', 'SET-CONFIG-EPOCH', String(at + 1));
    await master.command('CLUSTER', 'ADDSLOTSRANGE', String(from), String(to));
  }
  const [first] = nodes;
  for (const { port, busPort } of nodes.slice(1)) {
    await first!.command('CLUSTER', 'MEET', '127.0.0.1', String(port), String(busPort));
  }
  await eventually('all nodes know each other', async () => {
    const known = await Promise.all(nodes.map((node) => node.command('CLUSTER', 'NODES')));
    return known.every((text) => nodes.every(({ id }) => String(text).includes(id)));
  });
  for (const [at, replica] of replicas.entries()) {
    await replica.command('CLUSTER', 'REPLICATE', masters[at]!.id);
  }
  await allAre('ok', nodes);
  await eventually('all replicas are linked', async () => {
    const links = await Promise.all(replicas.map((replica) => replica.command('INFO', 'replication')));
    return links.every((text) => String(text).includes('master_link_status:up'));
  });
}

function describeCluster(
  masters: readonly ClusterNode[],
  replicas: readonly ClusterNode[],
  dispose: () => Promise<void>,
): RedisCluster {
  const nodes = [...masters, ...replicas];
  const ownerOf = async (key: string, asked: ClusterNode = masters[0]!) => {
    const slot = Number(await asked.command('CLUSTER', 'KEYSLOT', key));
    const ranges = (await asked.command('CLUSTER', 'SLOTS')) as [number, number, [string, number, string]][];
    const [, , [, , id]] = ranges.find(([from, to]) => from <= slot && slot <= to)!;
    return nodes.find((node) => node.id === id)!;
  };
  return {
    masters,
    replicas,
    nodes,
    ownerOf,
    dispose,
    isWhole: (which = nodes) => allAre('ok', which),
    isFailing: (which) => allAre('fail', which),
    onAll: async (...args) => void (await Promise.allSettled(nodes.map((node) => node.command(...args)))),
    async beginMove(key) {
      const from = await ownerOf(key);
      const to = masters[(masters.indexOf(from) + 1) % masters.length]!;
      const slot = String(await from.command('CLUSTER', 'KEYSLOT', key));
      await to.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id);
      await from.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id);
      await from.command('MIGRATE', '127.0.0.1', String(to.port), key, '0', '5000');
      return {
        from,
        to,
        async end() {
          // The new owner first: it has to know before anybody is sent there for good.
          await to.command('CLUSTER', 'SETSLOT', slot, 'NODE', to.id);
          await Promise.all(masters.map((node) => node.command('CLUSTER', 'SETSLOT', slot, 'NODE', to.id)));
        },
      };
    },
  };
}

async function allAre(state: 'ok' | 'fail', nodes: readonly ClusterNode[]): Promise<void> {
  await eventually(`the cluster is ${state}`, async () => {
    const states = await Promise.all(nodes.map((node) => node.command('CLUSTER', 'INFO')));
    return states.every((text) => String(text).includes(`cluster_state:${state}`));
  });
}
