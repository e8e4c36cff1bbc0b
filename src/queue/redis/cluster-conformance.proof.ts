import { after } from 'node:test';
import { skipWithout } from '../../../testkit/on-path.ts';
import { type ClusterNode, type RedisCluster, startRedisCluster } from '../../../testkit/redis-cluster.ts';
import { queueConformance } from '../conformance/index.ts';
import { GROUP, streamKey } from './keys.ts';
import { openRedisQueue } from './open.ts';

/** One for all tests, since it takes two seconds to be ready. Each test leaves it whole. */
let shared: Promise<RedisCluster> | null = null;
let rigs = 0;
after(async () => (await shared)?.dispose());

queueConformance(
  'redis cluster',
  async (destinations) => {
    shared ??= startRedisCluster();
    const cluster = await shared;
    const prefix = `test-${++rigs}`;
    const keys = destinations.map((destination) => streamKey(prefix, destination));
    const first = keys[0]!;
    const users = new Set<string>();
    let isHanging = false;
    let endMove = async () => {};
    const admit = (user: string) =>
      cluster.onAll('ACL', 'SETUSER', user, 'on', `>${user}`, '~*', '&*', '+@all');
    const restart = async (nodes: readonly ClusterNode[]) => {
      await Promise.all(nodes.map((node) => node.start()));
      // Servers without a file for them forget their users.
      for (const user of users) await admit(user);
      await cluster.isWhole();
    };
    return {
      async open(options) {
        const user = options.consumer;
        users.add(user);
        await admit(user);
        // Any node will do, and it is not the one that has all.
        const url = `redis://${user}:${user}@127.0.0.1:${cluster.masters[1]!.port}`;
        const queue = openRedisQueue({ ...options, url, prefix });
        const die = async () => {
          users.delete(user);
          // That ends all of its connections, to whichever node, and lets it make no more.
          await cluster.onAll('ACL', 'DELUSER', user);
        };
        return { queue, die };
      },
      goDown: async () => void (await Promise.all(cluster.nodes.map((node) => node.kill()))),
      comeUp: () => restart(cluster.nodes),
      async hang() {
        isHanging = true;
        await Promise.all(cluster.nodes.map((node) => node.pause()));
      },
      async goOn() {
        for (const node of cluster.nodes) node.resume();
        if (isHanging) await cluster.isWhole();
        isHanging = false;
      },
      refusals: {
        'no memory on one master': async () => {
          const owner = await cluster.ownerOf(first);
          await owner.command('CONFIG', 'SET', 'maxmemory', '1');
          return async () => void (await owner.command('CONFIG', 'SET', 'maxmemory', '0'));
        },
      },
      losses: {
        flushed: () => cluster.onAll('FLUSHALL'),
        'groups destroyed': async () => {
          for (const key of keys) await (await cluster.ownerOf(key)).command('XGROUP', 'DESTROY', key, GROUP);
        },
        'a stream deleted': async () => void (await (await cluster.ownerOf(first)).command('DEL', first)),
        'connections killed': () => cluster.onAll('CLIENT', 'KILL', 'TYPE', 'normal'),
        'a slot moved': async () => (await cluster.beginMove(first)).end(),
        'a node killed and started': async () => {
          const owner = await cluster.ownerOf(first);
          await owner.kill();
          await restart([owner]);
        },
        'a node that hangs for longer than the others wait': async () => {
          const owner = await cluster.ownerOf(first);
          await owner.pause();
          const others = cluster.nodes.filter((node) => node !== owner);
          await cluster.isFailing(others);
          owner.resume();
          await cluster.isWhole();
        },
        'a slot that is about to move': async () => {
          ({ end: endMove } = await cluster.beginMove(first));
        },
      },
      async dispose() {
        for (const user of users) await cluster.onAll('ACL', 'DELUSER', user);
        await endMove();
        await cluster.onAll('FLUSHALL');
      },
    };
  },
  skipWithout('redis-server'),
);
