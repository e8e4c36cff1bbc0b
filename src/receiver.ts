import { type App, startApp } from './app.ts';
import type { UserConfig } from './config/define-config.ts';
import { loadConfig } from './config/load.ts';
import type { SecretFileName, SettingName } from './config/settings.ts';
import { keepAlive } from './runtime/keep-alive.ts';

export type ReceiverOptions = UserConfig &
  Readonly<{
    /** Settings by the names of the program's environment variables: `{ PORT: '0' }`. */
    env?: Readonly<Partial<Record<SettingName | SecretFileName, string | undefined>>>;
    /** The folder of relative paths; the working directory by default. */
    cwd?: string;
  }>;

/** A receiver inside another program. */
export type Receiver = Readonly<{
  /**
   * Opens the store, starts the workers and listens.
   * @returns the URL where it listens, and that for operators, which is the same without ADMIN_PORT
   * @throws ConfigError with all mistakes of the configuration, StoreError when the store cannot be opened
   */
  start(): Promise<Readonly<{ url: string; adminUrl: string }>>;
  /** Drains and closes; does nothing before a start. Process signals are left to the program. */
  stop(): Promise<void>;
}>;

/** Makes a receiver like that of the command, to be started inside another program. */
export function createReceiver({ env = {}, cwd = process.cwd(), ...userConfig }: ReceiverOptions): Receiver {
  let starting: Promise<App> | null = null;
  return {
    async start() {
      starting ??= keepAlive(async () =>
        startApp(await loadConfig({ env, cwd, userConfig, hasHostSdk: true })),
      );
      const { url, adminUrl } = await starting;
      return { url, adminUrl };
    },
    async stop() {
      const app = await starting;
      if (app !== null) await keepAlive(() => app.stop());
    },
  };
}
