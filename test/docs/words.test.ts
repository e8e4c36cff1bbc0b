import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkFile } from '../../src/config/check-file.ts';
import { ATTEMPT_OUTCOMES } from '../../src/domain/attempt.ts';
import { DELIVERY_STATUSES } from '../../src/domain/delivery.ts';
import { STORE_ERROR_CODES } from '../../src/domain/errors.ts';
import type { Settlement } from '../../src/domain/settlement.ts';
import { PROBLEMS, problemReply } from '../../src/http/problem.ts';
import { codeSpans, read, rowNames, section, tableRows } from './support.ts';

const SETTLEMENTS: Readonly<Record<Settlement['kind'], true>> = {
  completed: true,
  retry: true,
  failed: true,
  released: true,
};

describe('docs/errors.md', () => {
  const errors = read('docs/errors.md');

  test('has every problem code with its status and wait, and no others', () => {
    const rows = tableRows(section(errors, '## Problem replies')).map(([code, status, wait]) => [
      codeSpans(code!)[0],
      status,
      wait,
    ]);
    const codes = Object.keys(PROBLEMS) as (keyof typeof PROBLEMS)[];
    const expected = codes.map((code) => {
      const { status, headers } = problemReply(code, '');
      return [code, String(status), headers['retry-after'] ?? ''];
    });
    assert.deepEqual(rows, expected);
  });

  test('shows a reply as the program makes it', () => {
    const [, json] = /```json\n([\s\S]*?)```/.exec(errors)!;
    const detail = 'QUEUE_MAXSIZE deliveries are pending. Nothing was stored.';
    assert.deepEqual(JSON.parse(json!), JSON.parse(problemReply('queue_full', detail).body));
    assert.ok(read('src/http/ingest/respond.ts').includes(detail));
  });

  test('has every store error code, and no others', () => {
    assert.deepEqual(rowNames(section(errors, '## Store errors')).toSorted(), STORE_ERROR_CODES.toSorted());
  });

  test('names start-up messages that the program has', () => {
    const source = [
      'bin/webhook-receiver.js',
      'src/domain/errors.ts',
      'src/store/sqlite/connect.ts',
      'src/store/sqlite/create-file.ts',
      'src/store/sqlite/file-lock.ts',
      'src/cli/explain-failure.ts',
    ]
      .map(read)
      .join('\n');
    const messages = rowNames(section(errors, '## Start-up errors')).filter(
      (text) => !text.startsWith('STORE_'),
    );
    assert.ok(messages.length >= 8);
    for (const message of messages) {
      const words = message
        .replace(/^listen /, '')
        .replaceAll('…', '')
        .trim();
      assert.ok(source.includes(words), `no message has "${words}"`);
    }
  });
});

describe('docs/state-machine.md', () => {
  const page = read('docs/state-machine.md');

  test('has every status, settlement and outcome, and no others', () => {
    assert.deepEqual(rowNames(section(page, '## Statuses')), [...DELIVERY_STATUSES]);
    assert.deepEqual(rowNames(section(page, '## Settlements')), Object.keys(SETTLEMENTS));
    assert.deepEqual(rowNames(section(page, '## Attempts')), [...ATTEMPT_OUTCOMES]);
  });
});

describe('docs/configuration.md', () => {
  const page = read('docs/configuration.md');
  const known = (value: unknown, path: string) => {
    const { problems } = checkFile(value, 'config');
    const line = problems.find((problem) => problem.startsWith(path))!;
    return line.split('takes one of ')[1]!.split(', ').toSorted();
  };
  const bogus = { qqqqqqqqqqqqqqqq: 1 };

  test('has every key of a destination, and no others', () => {
    const rows = rowNames(section(page, '### Destination'));
    const value = { destinations: { d: { handler: () => {}, ...bogus } } };
    assert.deepEqual(rows.toSorted(), known(value, 'destinations.d.qqq'));
  });

  test('has every key of a retry policy, and no others', () => {
    const value = { destinations: { d: { handler: () => {}, retry: bogus } } };
    assert.deepEqual(
      rowNames(section(page, '### Retry')).toSorted(),
      known(value, 'destinations.d.retry.qqq'),
    );
  });

  test('has every key of the file, and no others', () => {
    const head = section(page, '## Config file').split('### ')[0]!;
    const keys = rowNames(head).filter((name) => !name.includes('*'));
    assert.deepEqual(keys.toSorted(), known(bogus, 'qqq'));
  });

  test('shows mistakes as the program words them', () => {
    const [, shown] = /```console\n\$ (?:[^\n]+)\nwebhook-receiver: ([\s\S]*?)\n```/.exec(page)!;
    const [, ...lines] = shown!.split('\n');
    assert.ok(lines.length > 0);
    const rows = tableRows(section(page, '## Environment'));
    for (const line of lines) {
      const [, name, takes] = /- (\w+): got .+?, takes (.+)$/.exec(line)!;
      assert.ok(
        rows.some((row) => row[0] === `\`${name}\`` && row[2] === takes),
        line,
      );
    }
  });
});
