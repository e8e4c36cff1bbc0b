import { skipWithout } from '../../../testkit/on-path.ts';
import { startRedis } from '../../../testkit/redis.ts';
import { startTcpProxy } from '../../../testkit/tcp-proxy.ts';
import { queueConformance } from '../conformance/index.ts';
import { GROUP, streamKey } from './keys.ts';
import { openRedisQueue } from './open.ts';

const PREFIX = 'test';

queueConformance(
  'redis',
  async (destinations) => {
    const redis = await startRedis();
    const keys = destinations.map((destination) => streamKey(PREFIX, destination));
    const cuts: (() => Promise<void>)[] = [];
    return {
      async open(options) {
        const proxy = await startTcpProxy(redis.port);
        const queue = openRedisQueue({ ...options, url: `redis://127.0.0.1:${proxy.port}`, prefix: PREFIX });
        cuts.push(proxy.cut);
        return { queue, die: proxy.cut };
      },
      goDown: redis.kill,
      comeUp: redis.start,
      hang: async () => redis.pause(),
      goOn: async () => redis.resume(),
      refusals: {
        'no memory': async () => {
          await redis.command('CONFIG', 'SET', 'maxmemory', '1');
          return async () => void (await redis.command('CONFIG', 'SET', 'maxmemory', '0'));
        },
        'no permission to publish': async () => {
          await redis.command('ACL', 'SETUSER', 'default', '-xadd');
          return async () => void (await redis.command('ACL', 'SETUSER', 'default', '+xadd'));
        },
        'a key of another type': async () => {
          await redis.command('SET', keys[0]!, 'text');
          return async () => void (await redis.command('DEL', keys[0]!));
        },
        'a read-only replica': async () => {
          await redis.command('REPLICAOF', '127.0.0.1', '1');
          return async () => void (await redis.command('REPLICAOF', 'NO', 'ONE'));
        },
        'too few replicas': async () => {
          await redis.command('CONFIG', 'SET', 'min-replicas-to-write', '1');
          return async () => void (await redis.command('CONFIG', 'SET', 'min-replicas-to-write', '0'));
        },
      },
      losses: {
        flushed: async () => void (await redis.command('FLUSHALL')),
        'groups destroyed': async () => {
          for (const key of keys) await redis.command('XGROUP', 'DESTROY', key, GROUP);
        },
        'a stream deleted': async () => void (await redis.command('DEL', keys[0]!)),
        'connections killed': async () => void (await redis.command('CLIENT', 'KILL', 'TYPE', 'normal')),
        'killed and started': async () => {
          await redis.kill();
          await redis.start();
        },
      },
      async dispose() {
        for (const cut of cuts) await cut().catch(() => {});
        await redis.dispose();
      },
    };
  },
  skipWithout('redis-server'),
);
