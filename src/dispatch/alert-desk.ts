import { type AlertDesk, type AlertState, alertIdOf } from '../domain/alert.ts';
import { createMutex } from '../runtime/mutex.ts';
import { type Acks, keepAcks, readBook } from './alert-book.ts';
import { alertDestinations, alertEvent } from './alert-event.ts';
import type { AlertWatchParts } from './alert-parts.ts';

/** What the admin surface does with alerts. */
export function createAlertDesk(parts: AlertWatchParts): AlertDesk {
  const { store, clock, newId } = parts;
  const oneByOne = createMutex();
  return {
    async list() {
      const { book, acks } = await readBook(store);
      const ofAge = (a: AlertState, b: AlertState) =>
        Number(b.isOn) - Number(a.isOn) || b.sinceMs - a.sinceMs;
      return (book?.states ?? []).map((state) => withAck(state, acks)).toSorted(ofAge);
    },
    ack: (id, audit) =>
      oneByOne(async () => {
        const { book, acks } = await readBook(store);
        const found = book?.states.find((one) => alertIdOf(one) === id);
        if (book === null || found === undefined) return null;
        const state = withAck(found, acks);
        // The first one stays.
        if (state.ackedBy !== null) return state;
        const { name } = audit.actor;
        await keepAcks(store, book, { ...acks, [id]: name }, audit, clock.nowMs());
        return { ...state, ackedBy: name };
      }),
    async test(audit) {
      const { destinations, publicUrl } = parts.watched();
      const names = alertDestinations(destinations);
      if (names.length === 0) return [];
      await store.appendAudit(audit);
      const nowMs = clock.nowMs();
      const id = newId(nowMs);
      const event = alertEvent(id, { ...TEST, number: nowMs, sinceMs: nowMs }, 'test', publicUrl, nowMs);
      if ((await store.insertEvent(event, parts.mark(names))).kind !== 'inserted') return [];
      parts.onAccepted(id, names);
      return names;
    },
  };
}

function withAck(state: AlertState, acks: Acks): AlertState {
  return { ...state, ackedBy: acks[alertIdOf(state)] ?? state.ackedBy };
}

const TEST = {
  kind: 'test',
  subject: 'alerts',
  message: 'This is a test. Alerts arrive here.',
  command: 'webhook-receiver alerts list',
  page: '',
  isOn: false,
  overAtMs: null,
  ackedBy: null,
} as const;
