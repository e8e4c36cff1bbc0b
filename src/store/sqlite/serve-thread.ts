import { parentPort, type Transferable } from 'node:worker_threads';
import { toStoreError } from './store-failure.ts';
import { OPENED, type ThreadReply, toPlainError } from './thread-client.ts';

export type Served = Readonly<{ value: unknown; transfer?: readonly Transferable[] }>;

/**
 * The database thread's side of ThreadClient: opens the connection, then answers calls one after the other. Every call
 * gets one reply with its id; OPENED is the id of the reply to the start, which is the error if `open` throws.
 * @param open makes the connection and returns the function that answers calls
 */
export function serveThread<Message>(open: () => (message: Message) => Served): void {
  const port = parentPort!;
  const reply = (message: ThreadReply, transfer: readonly Transferable[] = []) =>
    port.postMessage(message, [...transfer]);
  const attempt = (id: number, work: () => Served) => {
    try {
      const { value, transfer } = work();
      reply({ id, ok: true, value }, transfer);
    } catch (error) {
      reply({ id, ok: false, error: toPlainError(toStoreError(error)) });
    }
  };
  attempt(OPENED, () => {
    const answer = open();
    port.on('message', (call: { id: number; message: Message }) =>
      attempt(call.id, () => answer(call.message)),
    );
    return { value: undefined };
  });
}
