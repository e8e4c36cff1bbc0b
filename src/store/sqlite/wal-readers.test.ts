import assert from 'node:assert/strict';
import { it } from 'node:test';
import { pidsWithLock } from './wal-readers.ts';

const LOCKS = `\
1: POSIX  ADVISORY  READ 4711 08:01:131 123 123
2: POSIX  ADVISORY  READ 4712 00:2f:131 124 124
3: POSIX  ADVISORY  READ 4713 08:01:999 123 123
4: POSIX  ADVISORY  READ 4714 08:01:131 128 128
5: POSIX  ADVISORY  WRITE 4715 08:01:131 120 120
6: FLOCK  ADVISORY  WRITE 4716 08:01:131 0 EOF
7: POSIX  ADVISORY  READ 0 08:01:131 1073741826 1073742335
8: POSIX  ADVISORY  READ 4717 08:01:131 0 EOF
`;

it('readers are those with a lock on the bytes of the read marks', () => {
  assert.deepEqual(pidsWithLock(LOCKS, 131), [4711, 4712, 4717]);
  assert.deepEqual(pidsWithLock(LOCKS, 5), []);
});
