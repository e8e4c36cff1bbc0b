import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'amqplib';
import { freePort, startServer, tryPort, waitForServer } from './server-process.ts';
import { createTempDir } from './temp-dir.ts';

export type RabbitServer = Readonly<{
  port: number;
  url: string;
  deleteQueue(name: string): Promise<void>;
  purgeQueue(name: string): Promise<void>;
  /** Ends it as a power cut does. */
  kill(): Promise<void>;
  /** Ends it in good order. */
  stop(): Promise<void>;
  /** Starts it again on the same port and directory. */
  start(): Promise<void>;
  /** Removes all that it has on disk; it must not run. */
  wipe(): Promise<void>;
  /** Sets off its memory alarm: it blocks publishers until the alarm ends. */
  raiseAlarm(): Promise<void>;
  endAlarm(): Promise<void>;
  /** The end of its log. */
  output(): string;
  pause(): Promise<void>;
  resume(): void;
  /** Ends it and its name server, and removes its directory. */
  dispose(): Promise<void>;
}>;

/** Where Debian keeps the script itself; the one on the PATH insists on the system's own directories. */
const DEBIAN_SCRIPT = '/usr/lib/rabbitmq/bin/rabbitmq-server';
const DEBIAN_CONTROL = '/usr/lib/rabbitmq/bin/rabbitmqctl';
const CONTROL = existsSync(DEBIAN_CONTROL) ? DEBIAN_CONTROL : 'rabbitmqctl';

/**
 * Starts a RabbitMQ node of its own: own name, ports, directories and cookie, and an Erlang name server of its own, so
 * that it meets no other node on the machine.
 */
export async function startRabbit(): Promise<RabbitServer> {
  const dir = await createTempDir();
  const [port, distPort, epmdPort] = await Promise.all([freePort(), freePort(), freePort()]);
  const url = `amqp://guest:guest@127.0.0.1:${port}`;
  const at = (...names: string[]) => join(dir.path, ...names);
  const env = {
    HOME: dir.path,
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: `test-${port}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distPort),
    RABBITMQ_MNESIA_BASE: at('mnesia'),
    RABBITMQ_LOG_BASE: at('log'),
    RABBITMQ_LOGS: '-',
    RABBITMQ_PID_FILE: at('pid'),
    RABBITMQ_ENABLED_PLUGINS_FILE: at('enabled_plugins'),
    RABBITMQ_CONFIG_FILE: at('rabbitmq'),
    RABBITMQ_CONF_ENV_FILE: at('rabbitmq-env.conf'),
    // The script then becomes the node instead of watching over it, so that the child's pid is the node's.
    RUNNING_UNDER_SYSTEMD: 'true',
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none',
  };
  const program = existsSync(DEBIAN_SCRIPT) ? DEBIAN_SCRIPT : 'rabbitmq-server';
  const spawnNode = async () => {
    await mkdir(at('log'), { recursive: true });
    return startServer({ program, args: [], env, cwd: dir.path });
  };
  const withChannel = async (work: (channel: Channel) => Promise<unknown>) => {
    const model = await connect(url);
    try {
      await work(await model.createChannel());
    } finally {
      await model.close();
    }
  };
  const setWatermark = async (share: string) => {
    const args = ['-n', env.RABBITMQ_NODENAME, 'set_vm_memory_high_watermark', share];
    const control = startServer({ program: CONTROL, args, env, cwd: dir.path });
    await control.gone;
  };
  const epmd = startServer({ program: 'epmd', args: ['-port', String(epmdPort)], env, cwd: dir.path });
  await waitForServer(epmd, () => tryPort(epmdPort));
  let node = await spawnNode();
  const untilUp = () => waitForServer(node, () => withChannel(async () => {}));
  await untilUp();
  return {
    port,
    url,
    deleteQueue: (name) => withChannel((channel) => channel.deleteQueue(name)),
    purgeQueue: (name) => withChannel((channel) => channel.purgeQueue(name)),
    kill: () => node.stop('SIGKILL'),
    stop: () => node.stop('SIGTERM'),
    async start() {
      node = await spawnNode();
      await untilUp();
    },
    wipe: () => rm(at('mnesia'), { recursive: true, force: true }),
    raiseAlarm: () => setWatermark('0.00001'),
    endAlarm: () => setWatermark('0.9'),
    output: () => node.output(),
    pause: () => node.pause(),
    resume: () => node.resume(),
    async dispose() {
      await node.stop('SIGKILL');
      await epmd.stop('SIGKILL');
      await dir.remove();
    },
  };
}

type Channel = Awaited<ReturnType<Awaited<ReturnType<typeof connect>>['createChannel']>>;
