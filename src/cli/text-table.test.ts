import assert from 'node:assert/strict';
import { it } from 'node:test';
import { textTable } from './text-table.ts';

it('aligns columns, and keeps foreign text within its line', () => {
  const hostile = 'no\nID  FORGED\u001b[2J\u202e';
  const table = textTable([
    ['ID', 'ERROR'],
    ['one', hostile],
  ]);
  assert.equal(table, 'ID   ERROR\none  no\\nID  FORGED\\u001b[2J\\u202e\n');
});
