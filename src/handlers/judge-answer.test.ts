import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { DestinationError } from './handler.ts';
import { type Answer, judgeAnswer } from './judge-answer.ts';

const URL_OF_IT = new URL('https://a.example/hooks/in?token=hidden');

function judge(answer: Partial<Answer>, permanentStatuses: readonly number[] = []): unknown {
  const whole = { status: 200, retryAfter: undefined, location: undefined, responseExcerpt: 'x', ...answer };
  try {
    return judgeAnswer(whole, permanentStatuses, URL_OF_IT, 0);
  } catch (error) {
    return error;
  }
}

test('every status has one meaning', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 200, max: 599 }),
      fc.array(fc.integer({ min: 300, max: 599 })),
      (status, list) => {
        const outcome = judge({ status, retryAfter: '5' }, list);
        if (status < 300) return assert.deepEqual(outcome, { httpStatus: status, responseExcerpt: 'x' });
        assert.ok(outcome instanceof DestinationError);
        assert.equal(outcome.permanent, status === 410 || list.includes(status));
        assert.equal(outcome.retryAfterMs, status === 429 || status === 503 ? 5000 : null);
        assert.match(outcome.message, new RegExp(`^answered ${status}`));
      },
    ),
  );
});

test('shows where a redirect leads, relative to the URL, without secrets', () => {
  const messageFor = (location: Answer['location']) => (judge({ status: 302, location }) as Error).message;
  const said = (to: string) => `answered 302 Found${to}; redirects are not followed`;
  assert.equal(messageFor('login?token=hidden'), said(' to https://a.example/hooks/login'));
  assert.equal(messageFor('http://u:p@b.example:8080/#x'), said(' to http://b.example:8080/'));
  assert.equal(messageFor(['/first', '/second']), said(' to https://a.example/first'));
  assert.equal(messageFor('http://'), said(' to a location that is not a URL'));
  assert.equal(messageFor(undefined), said(''));
});
