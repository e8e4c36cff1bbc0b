import { type App, startApp } from './app.ts';
import type { UserConfig } from './config/define-config.ts';
import { loadConfig } from './config/load.ts';

export type ReceiverOptions = UserConfig &
  Readonly<{
    /** The settings that the program takes from its environment, by the same names: `{ PORT: '0' }`. */
    env?: Readonly<Record<string, string | undefined>>;
    /** What relative paths are relative to; the working directory by default. */
    cwd?: string;
  }>;

/** A receiver inside somebody's program. */
export type Receiver = Readonly<{
  /**
   * Opens the store, starts the workers and listens.
   * @returns where it listens
   * @throws ConfigError with all mistakes of the configuration, StoreError when the store cannot be opened
   */
  start(): Promise<Readonly<{ url: string }>>;
  /** Drains and closes; does nothing before a start. Signals are the program's own affair. */
  stop(): Promise<void>;
}>;

/** Makes the same receiver that the command runs, to be started inside a program of one's own. */
export function createReceiver({ env = {}, cwd = process.cwd(), ...userConfig }: ReceiverOptions): Receiver {
  let starting: Promise<App> | null = null;
  return {
    async start() {
      starting ??= loadConfig({ env, cwd, userConfig }).then((config) => startApp(config));
      const { url } = await starting;
      return { url };
    },
    async stop() {
      const app = await starting;
      await app?.stop();
    },
  };
}
