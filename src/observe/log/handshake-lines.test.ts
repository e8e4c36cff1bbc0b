import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '../../../testkit/fake-clock.ts';
import type { ReceiverEvent } from '../../events.ts';
import { createLog, createLogSubscriber } from '../log.ts';

/** Level, message and fields of the line that an event makes. */
function lineOf(event: ReceiverEvent) {
  const lines: string[] = [];
  const clock = createFakeClock();
  const destination = { write: (line: string) => void lines.push(line) };
  createLogSubscriber(createLog({ level: 'debug', format: 'json', destination, clock }), { clock })(event);
  const { time: _time, service: _service, type, ...line } = JSON.parse(lines[0]!);
  assert.equal(type, event.type);
  return line;
}

const OF = { source: 'notion', handshake: 'verification token' } as const;

describe('the lines of handshakes', () => {
  it('name the source and the handshake', () => {
    assert.deepEqual(lineOf({ type: 'handshake.answered', ...OF }), {
      level: 'info',
      msg: 'handshake answered',
      ...OF,
    });
    assert.deepEqual(
      lineOf({ type: 'handshake.refused', ...OF, detail: 'The source has another secret already.' }),
      {
        level: 'warn',
        msg: 'handshake refused',
        ...OF,
        detail: 'The source has another secret already.',
      },
    );
  });

  it('say which command shows a secret that was kept', () => {
    const { msg, ...rest } = lineOf({ type: 'secret.kept', ...OF });
    assert.match(msg, /webhook-receiver source-state notion/);
    assert.deepEqual(rest, { level: 'info', ...OF });
  });

  it('say when a subscription is tried again, and when no more', () => {
    const failed = { type: 'subscription.failed', source: 'sns', error: 'it was answered 500' } as const;
    const again = lineOf({ ...failed, retryAtMs: Date.UTC(2026, 0, 2) });
    assert.deepEqual([again.level, again.retry_at], ['warn', '2026-01-02T00:00:00.000Z']);
    const over = lineOf({ ...failed, retryAtMs: null });
    assert.deepEqual([over.level, over.error, over.retry_at], ['error', 'it was answered 500', undefined]);
    assert.equal(lineOf({ type: 'subscription.confirmed', source: 'sns', tries: 2 }).tries, 2);
  });

  it('tell what was kept, for whoever looks closely', () => {
    const reason = 'wrong_signature';
    const kept = lineOf({ type: 'rejected.kept', source: 'github', requestId: 'r-1', reason });
    assert.deepEqual([kept.level, kept.rejected_id, kept.reason], ['debug', 'r-1', reason]);
    assert.equal(lineOf({ type: 'rejected.dropped', source: 'github', reason }).level, 'debug');
  });
});
