import { parentPort, type Transferable } from 'node:worker_threads';
import { toStoreError } from './store-failure.ts';
import { OPENED, type ThreadReply, toPlainError } from './thread-client.ts';

export type Served = Readonly<{ value: unknown; transfer?: readonly Transferable[] }>;

/**
 * The far side of a database thread: opens, then answers one call after the other.
 * @param open makes the connection and returns what answers calls; what it throws is the first reply
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
