import { type AlertDesk, type AlertState, alertIdOf } from '../domain/alert.ts';
import { keepBook, readBook, withStates } from './alert-book.ts';
import { alertDestinations, alertEvent } from './alert-event.ts';
import type { AlertWatchParts } from './alert-parts.ts';

/** What the admin surface does with alerts. */
export function createAlertDesk(parts: AlertWatchParts): AlertDesk {
  const { store, clock, newId } = parts;
  return {
    async list() {
      const { book } = await readBook(store);
      const ofAge = (a: AlertState, b: AlertState) =>
        Number(b.isOn) - Number(a.isOn) || b.sinceMs - a.sinceMs;
      return (book?.states ?? []).toSorted(ofAge);
    },
    async ack(id, audit) {
      const { book } = await readBook(store);
      const state = book?.states.find((one) => alertIdOf(one) === id);
      if (book === null || state === undefined) return null;
      const acked = { ...state, ackedBy: state.ackedBy ?? audit.actor.name };
      // First: what is done is in the audit, even if the process ends before it is.
      await store.appendAudit(audit);
      await keepBook(store, withStates(book, [acked]), clock.nowMs());
      return acked;
    },
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
