import { type Transferable, Worker } from 'node:worker_threads';
import { StoreError, type StoreErrorCode } from '../../domain/errors.ts';

/** A batch lives for milliseconds: a larger young generation would only keep garbage and enlarge the process. */
const YOUNG_GENERATION_MB = 12;

/** A StoreError between threads: structured clone does not keep classes. */
export type PlainError = Readonly<{ code: StoreErrorCode; message: string }>;

export type ThreadReply =
  | Readonly<{ id: number; ok: true; value: unknown }>
  | Readonly<{ id: number; ok: false; error: PlainError }>;

export function toPlainError(error: StoreError): PlainError {
  return { code: error.code, message: error.message };
}

export function fromPlainError(error: PlainError): StoreError {
  return new StoreError(error.code, error.message);
}

/** The call id of a thread's first reply, which says that it is open, or why not. */
export const OPENED = 0;

type Call = { resolve: (value: unknown) => void; reject: (error: Error) => void };

/**
 * The main thread's side of a database thread: sends calls and matches replies by id. The thread is opening until its
 * reply OPENED, then open, then dead: by `end`, or because it failed or exited, which rejects every call in flight, is
 * reported once by `onDeath`, and rejects every later call. The store has two: the batcher calls the writer, the port's
 * reads call the reader.
 */
export class ThreadClient {
  readonly #worker: Worker;
  readonly #calls = new Map<number, Call>();
  #lastId = OPENED;
  #dead: StoreError | null = null;
  /** Resolves when the thread has opened its connection. */
  readonly opened: Promise<void>;

  /** @param entry name of a module beside this file, without its extension: compiled code has .js */
  constructor(entry: string, workerData: unknown, onDeath: (error: StoreError) => void) {
    const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.#worker = new Worker(new URL(`./${entry}.${ending}`, import.meta.url), {
      workerData,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    this.opened = this.#expect(OPENED) as Promise<void>;
    this.#worker.on('message', (reply: ThreadReply) => this.#answer(reply));
    this.#worker.on('error', (cause) => this.#die('failed', cause, onDeath));
    this.#worker.on('exit', (status) => this.#die(`ended with ${status}`, undefined, onDeath));
  }

  call(message: unknown, transfer: readonly Transferable[] = []): Promise<unknown> {
    if (this.#dead !== null) return Promise.reject(this.#dead);
    const id = ++this.#lastId;
    const reply = this.#expect(id);
    this.#worker.postMessage({ id, message }, transfer);
    return reply;
  }

  async end(): Promise<void> {
    this.#dead = new StoreError('STORE_CLOSED', 'the store is closed');
    await this.#worker.terminate();
  }

  #expect(id: number): Promise<unknown> {
    return new Promise((resolve, reject) => this.#calls.set(id, { resolve, reject }));
  }

  #answer(reply: ThreadReply): void {
    const call = this.#calls.get(reply.id);
    this.#calls.delete(reply.id);
    if (reply.ok) {
      call?.resolve(reply.value);
      return;
    }
    const error = fromPlainError(reply.error);
    // A thread that could not open exits by itself: that is no second failure.
    if (reply.id === OPENED) this.#dead = error;
    call?.reject(error);
  }

  #die(how: string, cause: unknown, onDeath: (error: StoreError) => void): void {
    if (this.#dead !== null) return;
    this.#dead = new StoreError('STORE_INTERNAL', `the database thread ${how}`, { cause });
    for (const call of this.#calls.values()) call.reject(this.#dead);
    this.#calls.clear();
    onDeath(this.#dead);
  }
}
