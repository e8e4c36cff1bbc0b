import { failureGroupOf } from '../../src/store/failure-group.ts';

/** What the words of a database are for what rows are made of. */
export type Words = Readonly<{
  /** A number in so many hexadecimal digits. */
  hex(number: string, digits: number): string;
  /** What the column of a UUID takes, from its 32 digits. */
  uuid(digits: string): string;
  bytes(text: string): string;
}>;

export const SPAN_MS = 30 * 24 * 3_600_000;

/** Names by how many of a hundred events have them: the last number is 100. */
const SOURCES = [
  ['shop', 45],
  ['stripe', 75],
  ['github', 95],
  ['crm', 100],
] as const;
const TYPES = ['order.created', 'order.paid', 'order.shipped', 'invoice.paid', 'invoice.due', 'user.updated'];

/** Once in so many events there is one of the rare source, one of the rare type, and one for the rare destination. */
const RARE_EVERY = 100_000;
/** A dead letter once in so many events, and as often a delivery that waits for its retry. */
const FAILED_EVERY = 200;
const WAITING_EVERY = 500;
/** Nothing that waits becomes due while somebody measures. */
const WAIT_MS = 30 * 24 * 3_600_000;

const ERRORS = ['HTTP 503', 'HTTP 500', 'HTTP 404', 'connect ECONNREFUSED 10.0.0.7:443', 'no such customer'];
const FAILURES = ERRORS.map((error) => {
  const httpStatus = error.startsWith('HTTP ') ? Number(error.slice(5)) : null;
  const failure = { outcome: 'failed', error, httpStatus, responseExcerpt: null } as const;
  return { error, httpStatus, group: failureGroupOf(failure) };
});

/** In every event of the number a part of its own: what is looked for in bodies and by key. */
export function markOf(number: number): string {
  return ((BigInt(number) * SCATTER) % 2n ** 32n).toString(16).padStart(8, '0');
}

/** Odd, so that no two numbers below 2^32 have one mark. */
const SCATTER = 2_654_435_761n;

const HEADERS = JSON.stringify(['Host', 'hooks.example.com', 'Content-Type', 'application/json']);

/**
 * Columns of the event with the number `i`, of `events` that end at `now`. All are made of a number that the event has by
 * chance, `h`. Deliveries and attempts are made of the same columns.
 */
export function eventColumns(events: number, nowMs: number, { hex, uuid, bytes }: Words) {
  const stepMs = Math.max(1, Math.floor(SPAN_MS / events));
  const h = `((i * ${SCATTER}) % 4294967296)`;
  const part = (shift: number, parts: number) => `((${h} / ${2 ** shift}) % ${parts})`;
  const at = `(${nowMs} - (${events} - i) * ${stepMs})`;
  const isRare = (rest: number) => `i % ${RARE_EVERY} = ${rest}`;
  const sources = SOURCES.map(([name, below]) => `when ${part(16, 100)} < ${below} then '${name}'`).join(' ');
  const type = `case when ${isRare(55)} then 'order.disputed' else ${pick(part(8, TYPES.length), TYPES)} end`;
  const mark = hex(h, 8);
  const body = `'{"id":"evt_' || ${mark} || '","event_type":"' || ${type} || '","data":{"object":{"id":"pi_' || ${mark}
    || '","amount":' || ${part(4, 99_999)} || ',"currency":"eur","order_id":"order-' || i || '","customer":{"email":"customer-'
    || ${part(12, 1_000_000)} || '@example.com","country":"DE"},"items":[{"sku":"TSHIRT-M-BLUE","quantity":2,"price":1995},'
    || '{"sku":"MUG-11OZ","quantity":1,"price":9000}],"note":"leave it with the neighbours"}}}'`;
  return {
    at,
    id: uuid(`${hex(at, 12)} || '7000' || ${hex(`(32768 + ${h} % 16384)`, 4)} || ${mark} || '0000'`),
    source: `case when ${isRare(77)} then 'legacy' ${sources} end`,
    key: `'evt_' || ${mark}`,
    type,
    headers: `'${HEADERS}'`,
    body: bytes(body),
    isForWarehouse: `${part(10, 10)} = 0`,
    isForArchive: isRare(33),
    status: `case when ${part(5, FAILED_EVERY)} = 0 then 'failed' when ${part(5, WAITING_EVERY)} = 1 then 'pending'
      else 'completed' end`,
    waitsUntil: `(${nowMs} + ${WAIT_MS})`,
    error: pick(part(14, FAILURES.length), ERRORS),
    httpStatus: pick(
      part(14, FAILURES.length),
      FAILURES.map(({ httpStatus }) => httpStatus),
    ),
  };
}

/** The group of a dead letter's error, as SQL. */
export const GROUP_OF_ERROR = `case last_error ${FAILURES.map(({ error, group }) => `when '${error}' then '${group}'`).join(' ')} end`;

function pick(number: string, values: readonly (string | number | null)[]): string {
  const literal = (value: string | number | null) =>
    typeof value === 'string' ? `'${value}'` : String(value);
  return `case ${number} ${values.map((value, at) => `when ${at} then ${literal(value)}`).join(' ')} end`;
}
