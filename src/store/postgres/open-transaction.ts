import pg, { type PoolClient } from 'pg';
import { TransactionError } from '../../domain/errors.ts';
import type { Lease } from '../../domain/lease.ts';
import type { PostgresTransaction } from '../../domain/transaction.ts';
import { deliveryKey } from './delivery-key.ts';
import { hasState, toStoreError } from './store-failure.ts';

/** Stands from the transaction's first statement to its last, unless the work has ended the transaction. */
const MARK = 'webhook_receiver_completion';

/** From here on the transaction holds the delivery's row, for which the reaper waits: so not for long. */
const SETTLING_TIMEOUT_MS = 5_000;

const NO_SAVEPOINT = '3B001';
const NO_TRANSACTION = '25P01';
const ABORTED = '25P02';

/** Blanks, comments and empty statements. */
const BEFORE = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/|;)*/;
const beginningWith = ({ source }: RegExp) => new RegExp(BEFORE.source + source, 'i');

/** The statements that end a transaction. What hides one among others is found by the mark that is then gone. */
const ENDS_TRANSACTION = beginningWith(
  /(?:begin|start|commit|end|abort|rollback(?!\s+(?:work\s+|transaction\s+)?to\b)|prepare\s+transaction)\b/,
);

/** Not undone by a rollback, and so at the cost of the handler that is next on the connection. */
const DROPS_STATEMENTS = beginningWith(/deallocate\s+(?:prepare\s+)?all\b/);

/** A transaction that a handler writes through, and its frame. */
export type OpenTransaction = Readonly<{
  tx: PostgresTransaction;
  /**
   * Ends the work's part: no statement comes after it, all that began have ended.
   * @throws TransactionError when the work ended the transaction, the failed statement's error when it lies broken
   */
  endWork(): Promise<void>;
  /** Takes the handle back without waiting. */
  revoke(): void;
}>;

/**
 * Begins, and looks whether the lease still holds: without a lock on the delivery, for which heartbeats would wait.
 * @returns null if it does not hold, `read_only` if the server takes no writes any more; the transaction is open in any case
 */
export async function beginWithin(
  client: PoolClient,
  lease: Lease,
): Promise<OpenTransaction | 'read_only' | null> {
  const { eventId, number } = deliveryKey(lease.deliveryId);
  const [id, token] = [eventId, lease.token].map((text) => pg.escapeLiteral(text));
  // One round trip. Read committed, whatever the default is: a heartbeat may extend the lease meanwhile. What handlers
  // before have left as temporary tables does not matter.
  const results = (await client.query(
    `begin isolation level read committed; discard temp; savepoint ${MARK};
    select current_setting('search_path') as search_path, current_setting('transaction_read_only') as read_only,
      exists (select from deliveries
        where event_id = ${id} and number = ${number} and lease_token = ${token} collate "C") as holds`,
  )) as unknown as pg.QueryResult[];
  const found = results.at(-1)!.rows[0] as { search_path: string; read_only: string; holds: boolean };
  // Such a server may not even know the delivery, which is not lost for that.
  if (found.read_only === 'on') return 'read_only';
  return found.holds ? frame(client, found.search_path) : null;
}

function frame(client: PoolClient, searchPath: string): OpenTransaction {
  const underWay = new Set<Promise<unknown>>();
  let isOpen = true;
  let failure: unknown = null;

  const send = async (sql: string, values?: readonly unknown[]) => {
    if (!isOpen) throw new TransactionError('the transaction has ended: use tx within the work alone');
    if (ENDS_TRANSACTION.test(sql)) throw new TransactionError(ENDS_ITSELF);
    if (DROPS_STATEMENTS.test(sql)) throw new TransactionError(MAY_NOT_DROP);
    // With the types that the client has for everybody: ours would make numbers of 64 bits.
    const sent = client.query({ text: sql, values: values as unknown[], types: pg.types });
    underWay.add(sent);
    try {
      const { rows, rowCount } = await sent;
      return { rows, rowCount };
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      underWay.delete(sent);
    }
  };
  const query = (...statement: Parameters<typeof send>) => {
    const answer = send(...statement);
    // A failed query that is not awaited breaks the transaction, which reports it; it must not end the process as well.
    answer.catch(() => {});
    return answer;
  };
  return {
    tx: { kind: 'postgres', query: query as PostgresTransaction['query'] },
    async endWork() {
      isOpen = false;
      await Promise.allSettled(underWay);
      try {
        // The settlement that follows looks up rows by keys that it has, in the tables that the work may have hidden, and
        // as whom the inbox logs in, whatever role the work took on.
        await client.query(
          `release savepoint ${MARK}; reset session authorization; reset role; select set_config('search_path', ${pg.escapeLiteral(withTempLast(searchPath))}, true);
          set local idle_in_transaction_session_timeout = ${SETTLING_TIMEOUT_MS}; set local plan_cache_mode = force_generic_plan;
          set local enable_seqscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off`,
        );
      } catch (error) {
        throw explainLostSavepoint(error, failure);
      }
    },
    revoke() {
      isOpen = false;
    },
  };
}

/** A path that does not name temporary tables looks there first. */
function withTempLast(searchPath: string): string {
  return searchPath === '' ? 'pg_temp' : `${searchPath}, pg_temp`;
}

const ENDS_ITSELF =
  'a handler may not begin or end a transaction in ctx.complete: return to commit, throw to roll back';

export const MAY_NOT_DROP =
  'a handler may not drop the statements of its connection: leave out "deallocate all"';

function explainLostSavepoint(error: unknown, failure: unknown): unknown {
  if (hasState(error, ABORTED)) {
    const message = 'a statement of the transaction failed, so nothing of it can be committed';
    return new TransactionError(message, { cause: failure ?? error });
  }
  if (!hasState(error, NO_SAVEPOINT) && !hasState(error, NO_TRANSACTION)) return toStoreError(error);
  const message = `${ENDS_ITSELF}; what it committed by itself stays, and the delivery is not completed`;
  return new TransactionError(message, { cause: error });
}
