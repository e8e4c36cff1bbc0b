import pg from 'pg';
import type { Servers } from './servers.ts';
import { describe, isStarting, READ_ONLY, readOnlyRefusal, sqlState } from './store-failure.ts';

type Callback = (error?: Error) => void;

/** What the client library knows of its connection, beside what its types say. */
type Parts = Readonly<{
  connection: Readonly<{
    on(event: 'parameterStatus', listen: (status: Parameter) => void): void;
  }>;
}>;
type Parameter = Readonly<{ parameterName: string; parameterValue: string }>;

/**
 * Clients that connect to the current server, if it takes writes: a standby is left, as libpq leaves it with
 * `target_session_attrs=read-write`, and so is a server that cannot be reached.
 * https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-TARGET-SESSION-ATTRS
 */
export function writerClient(servers: Servers): typeof pg.Client {
  return class WriterClient extends pg.Client {
    readonly #url: string;
    readonly #reported = new Map<string, string>();

    constructor(config: pg.ClientConfig) {
      const url = servers.current();
      super({ ...config, connectionString: withoutChoices(url) });
      this.#url = url;
      const { connection } = this as unknown as Parts;
      connection.on('parameterStatus', ({ parameterName, parameterValue }) =>
        this.#reported.set(parameterName, parameterValue),
      );
    }

    override connect(): Promise<this>;
    override connect(callback: Callback): void;
    override connect(callback?: Callback): Promise<this> | undefined {
      const connected = this.#connect();
      if (callback === undefined) return connected;
      connected.then(() => callback(), callback);
      return undefined;
    }

    async #connect(): Promise<this> {
      try {
        await super.connect();
        if (await this.#isReadOnly()) throw readOnlyRefusal();
        return this;
      } catch (error) {
        if (mayBeOtherwiseElsewhere(error)) servers.leave(this.#url);
        super.end().catch(() => {});
        throw error;
      }
    }

    /** PostgreSQL says it unasked as the session begins. A pooler may not. */
    async #isReadOnly(): Promise<boolean> {
      const said = ['in_hot_standby', 'default_transaction_read_only'].map((name) =>
        this.#reported.get(name),
      );
      if (!said.includes(undefined)) return said.includes('on');
      // A single server that is read-only is found out by the first write.
      if (servers.count === 1) return false;
      const { rows } = await this.query<{ transaction_read_only: string }>('show transaction_read_only');
      return rows[0]!.transaction_read_only === 'on';
    }
  };
}

/** The client library would take them for settings of its own. */
function withoutChoices(url: string): string {
  const parsed = new URL(url);
  for (const name of ['options', 'target_session_attrs', 'load_balance_hosts'])
    parsed.searchParams.delete(name);
  return parsed.href;
}

/** An answer such as a wrong password would be the same from the other servers. */
function mayBeOtherwiseElsewhere(error: unknown): boolean {
  const state = sqlState(error);
  return state === null || state === READ_ONLY || isStarting(state);
}

/**
 * Connects to the server that takes writes: each server is tried once, from the current one on.
 * @param connect makes a client of `writerClient`, which leaves a server that is not the right one
 * @throws what `connect` throws, or all of it when there are several servers
 */
export async function toWriter<T>(servers: Servers, connect: () => Promise<T>): Promise<T> {
  const failures: Error[] = [];
  for (;;) {
    const tried = servers.current();
    try {
      return await connect();
    } catch (error) {
      if (servers.count === 1 || servers.current() === tried) throw error;
      failures.push(new Error(`${new URL(tried).host}: ${describe(error)}`, { cause: error }));
      if (failures.length === servers.count) throw new AggregateError(failures);
    }
  }
}
