import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '../../testkit/fake-clock.ts';
import { StoreError } from '../domain/errors.ts';
import type { ReceiverEvent } from '../events.ts';
import { LINES_PER_WINDOW, WINDOW_MS } from './log/throttle.ts';
import { createLog, createLogSubscriber } from './log.ts';
import type { LogLevel } from './log-level.ts';

const NOW_MS = Date.UTC(2025, 0, 2, 3, 4, 5, 6);

function setUp(level: LogLevel = 'debug') {
  const lines: string[] = [];
  const clock = createFakeClock(NOW_MS);
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLog({ level, format: 'json', destination, clock });
  const emit = createLogSubscriber(logger, { clock });
  const parsed = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { clock, emit, lines, logger, parsed };
}

/** The one line that an event makes, or undefined. */
function lineOf(event: ReceiverEvent, level?: LogLevel) {
  const { emit, parsed } = setUp(level);
  emit(event);
  assert.ok(parsed().length <= 1);
  return parsed()[0];
}

const IDS = { eventId: 'e-1', deliveryId: 'd-1', source: 'orders', destination: 'billing' } as const;
const ATTEMPT = {
  ...IDS,
  type: 'attempt.finished',
  eventType: 'order.created',
  attempt: 2,
  outcome: 'failed',
  settlement: 'retry',
  error: 'connect ECONNREFUSED',
  httpStatus: 502,
  durationMs: 12.34567,
  waitedMs: 20,
  dueAtMs: NOW_MS + 1000,
} as const;
const ACCEPTED = {
  type: 'event.accepted',
  eventId: 'e-1',
  source: 'orders',
  eventType: 't',
  deliveries: 1,
  bodyBytes: 2,
  durationMs: 3,
} as const;
const DUPLICATE = {
  type: 'event.duplicate',
  eventId: 'e-1',
  source: 'orders',
  durationMs: 3,
  by: 'key',
  idempotencyKey: 'k-1',
  key: 'k-2',
} as const;
const REJECTED = { type: 'event.rejected', source: null, detail: 'no such source' } as const;

describe('the line of an attempt', () => {
  it('has everything that is known of it', () => {
    assert.deepEqual(lineOf(ATTEMPT), {
      level: 'warn',
      time: '2025-01-02T03:04:05.006Z',
      service: 'webhook-receiver',
      type: 'attempt.finished',
      event_id: 'e-1',
      delivery_id: 'd-1',
      source: 'orders',
      event_type: 'order.created',
      destination: 'billing',
      attempt: 2,
      outcome: 'failed',
      settlement: 'retry',
      duration_ms: 12.346,
      waited_ms: 20,
      http_status: 502,
      error: 'connect ECONNREFUSED',
      due_at: '2025-01-02T03:04:06.006Z',
      msg: 'attempt failed, will retry',
    });
  });

  it('is info, warn or error by what became of the delivery', () => {
    const levels = (['completed', 'retry', 'failed', 'released'] as const).map(
      (settlement) => lineOf({ ...ATTEMPT, settlement })?.level,
    );
    assert.deepEqual(levels, ['info', 'warn', 'error', 'info']);
  });

  it('is never throttled', () => {
    const { emit, lines } = setUp('info');
    for (let i = 0; i < 100; i++) emit(ATTEMPT);
    assert.equal(lines.length, 100);
  });
});

describe('errors', () => {
  it('show their stack only at debug', () => {
    const error = new StoreError('STORE_IO', 'disk I/O error', { cause: new Error('EIO') });
    const failed = { type: 'store.failed', operation: 'insert', error } as const;
    const line = lineOf(failed, 'info');
    assert.equal(line?.error_code, 'STORE_IO');
    assert.equal(line?.error_cause, 'EIO');
    assert.equal(line?.stack, undefined);
    assert.match(String(lineOf(failed, 'debug')?.stack), /StoreError/);
  });
});

describe('floods', () => {
  it('make a few lines a second, then one with the number left out', async () => {
    const { clock, emit, parsed } = setUp('info');
    for (let i = 0; i < 500; i++) emit({ ...REJECTED, reason: 'queue_full' });
    emit({ ...REJECTED, reason: 'invalid' });
    assert.equal(parsed().length, LINES_PER_WINDOW + 1, 'each reason has its own bound');
    await clock.advance(WINDOW_MS);
    const { level, type, reason, suppressed } = parsed().at(-1)!;
    assert.deepEqual(
      { level, type, reason, suppressed },
      { level: 'warn', type: 'event.rejected', reason: 'queue_full', suppressed: 500 - LINES_PER_WINDOW },
    );
  });

  it('are bounded for conflicts and store failures too', () => {
    const { emit, lines } = setUp('info');
    for (let i = 0; i < 500; i++) emit({ ...DUPLICATE, conflict: true });
    for (let i = 0; i < 500; i++)
      emit({ type: 'store.failed', operation: `made up ${i}`, error: new Error('x') });
    assert.equal(lines.length, 2 * LINES_PER_WINDOW);
  });
});

describe('what never gets into a line', () => {
  const SECRET = 'hunter2';

  it('is a secret, wherever it comes from', () => {
    const { emit, lines, logger } = setUp();
    const error = new Error(`GET https://user:${SECRET}@host`, {
      cause: new Error(`Bearer ${SECRET}`),
    });
    const details = { secret: SECRET, destinations: [{ headers: { authorization: SECRET } }] };
    emit({ ...ATTEMPT, error: `401 for Bearer ${SECRET}` });
    emit({ type: 'store.failed', operation: 'insert', error });
    emit({ type: 'receiver.failed', message: `https://user:${SECRET}@host`, error });
    emit({ type: 'receiver.notice', message: 'configured', details });
    const extra = { ...ACCEPTED, body: SECRET, headers: ['authorization', SECRET], payload: { a: SECRET } };
    emit(extra);
    logger.error({ err: error }, 'direct');
    assert.equal(lines.length, 6);
    assert.ok(!lines.join('').includes(SECRET));
  });

  it('is a string without an end, or a line break', () => {
    const { emit, lines } = setUp();
    const long = 'x\n'.repeat(1_000_000);
    emit({ ...ATTEMPT, eventType: long, error: long });
    emit({ ...REJECTED, reason: 'invalid', detail: long });
    emit({ type: 'store.failed', operation: long, error: new Error(long) });
    emit({ type: 'receiver.warning', message: long, details: { long } });
    for (const line of lines) {
      assert.ok(line.length < 8192, String(line.length));
      assert.equal(line.indexOf('\n'), line.length - 1);
    }
  });
});

describe('createLog', () => {
  it('leaves out what is below its level', () => {
    const { emit, lines } = setUp('warn');
    emit(ACCEPTED);
    emit({ ...ATTEMPT, settlement: 'completed' });
    assert.deepEqual(lines, []);
  });

  it('writes for people in the format pretty, at once', () => {
    const lines: string[] = [];
    const destination = { write: (line: string) => void lines.push(line) };
    const logger = createLog({ level: 'info', format: 'pretty', destination });
    logger.info({ port: 8000 }, 'listening');
    assert.match(lines.join(''), /INFO.*listening.*"port":8000/);
  });

  it('never writes control or bidirectional characters of texts, in either format', () => {
    const hostile = 'a\r\nb\u001b[2Jc\u009b2Jd\u202ee\u2028f\u007f';
    for (const format of ['json', 'pretty'] as const) {
      const lines: string[] = [];
      const destination = { write: (line: string) => void lines.push(line) };
      const logger = createLog({ level: 'info', format, destination });
      logger.info({ error: hostile, details: { [hostile]: [hostile] } }, hostile);
      assert.equal(lines.length, 1, format);
      assert.match(lines[0]!, /\n$/, format);
      assert.doesNotMatch(lines[0]!.slice(0, -1), /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u, format);
      if (format === 'json') assert.equal(JSON.parse(lines[0]!).error, hostile);
    }
  });
});
