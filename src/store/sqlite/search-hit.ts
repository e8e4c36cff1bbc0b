import type { DatabaseSync } from 'node:sqlite';
import { type Filter, isOfDelivery } from '../../filter/filter.ts';
import { fitsDelivery } from '../../filter/matches.ts';
import { type DeliveryRow, toDelivery } from '../rows.ts';
import type { SearchDialect } from '../search-where.ts';
import type { SearchHit } from '../store.ts';
import { DELIVERY_COLUMNS, FROM_DELIVERIES, type Numbered, numbersOf } from './browse.ts';
import { OF_EVENT, STRIDE } from './delivery-key.ts';
import { prepareEventView, VIEW_COLUMNS, type ViewRow } from './event-view.ts';
import { prepareRows } from './prepare-rows.ts';
import type { Parameters } from './search-candidates.ts';
import { uuidToBytes } from './uuid-bytes.ts';

/** Reads an event with those of its deliveries that fit; null if it has none that fits what the filter says of deliveries. */
export function prepareSearchHit(db: DatabaseSync): (seq: number, filter: Filter) => SearchHit | null {
  const find = prepareRows<ViewRow>(db, `select ${VIEW_COLUMNS} from events where seq = ?`);
  const viewOf = prepareEventView(db);
  const deliveriesOf = prepareRows<DeliveryRow & Numbered>(
    db,
    `select ${DELIVERY_COLUMNS} ${FROM_DELIVERIES} where d.key ${OF_EVENT} order by d.key`,
  );
  const lastStatus = prepareRows<{ http_status: number | null }>(
    db,
    'select http_status from attempts where delivery_key = ? order by number desc limit 1',
  );
  return (seq, filter) => {
    const row = find.get(seq);
    if (row === undefined) return null;
    const rows = deliveriesOf.all(seq, seq);
    const replayed = new Set(rows.map(({ replay_of: replayOf }) => replayOf));
    const isAsked = filter.some(({ field }) => field === 'http');
    const fitting = rows
      .map((delivery) => ({ key: delivery.key, delivery: toDelivery(numbersOf(delivery), delivery) }))
      .filter(({ key, delivery }) => {
        const httpStatus = isAsked ? (lastStatus.get(key)?.http_status ?? null) : null;
        return fitsDelivery(filter, { ...delivery, httpStatus, isReplayed: replayed.has(key) });
      });
    if (fitting.length === 0 && filter.some(isOfDelivery)) return null;
    return { event: viewOf(row), deliveries: fitting.map(({ delivery }) => delivery) };
  };
}

const OF_SAME_EVENT = `e.seq * ${STRIDE} and e.seq * ${STRIDE} + ${STRIDE - 1}`;

/** The words of SQLite. */
export function sqliteDialect({ place }: Parameters): SearchDialect {
  return {
    text: place,
    number: place,
    bytes: (value) => place(Buffer.from(value)),
    id: (value) => place(uuidToBytes(value)),
    textContains: (text, part) => `instr(${text}, ${place(part)}) > 0`,
    bytesContain: (bytes, part) => `instr(${bytes}, ${place(Buffer.from(part))}) > 0`,
    fits(text, parts) {
      if (parts.length === 1) return `${text} = ${place(parts[0]!)}`;
      return `${text} glob ${place(parts.map((part) => part.replaceAll(/[[*?]/g, '[$&]')).join('*'))}`;
    },
    mentions: (text, word) => `${text} like ${place(`%${word}%`)}`,
    eventId: 'id',
    ofEvent: `d.key between ${OF_SAME_EVENT}`,
    lastHttpStatus:
      '(select a.http_status from attempts a where a.delivery_key = d.key order by a.number desc limit 1)',
    isReplayed: `exists (select 1 from deliveries r where r.key between ${OF_SAME_EVENT} and r.replay_of = d.key)`,
    isUtf16: `substr(e.body, 1, 2) in (x'fffe', x'feff')`,
  };
}
