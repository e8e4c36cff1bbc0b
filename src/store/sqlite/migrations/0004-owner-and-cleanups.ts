/**
 * Who has the file open, since SQLite's own locks cannot tell a receiver from a shell; and when the clean-ups ran, so
 * that a clock that jumped deletes nothing.
 */
export const ownerAndCleanups = `
create table file_owner (
  single integer primary key check (single = 1),
  -- The name by which the owner opened the file.
  path text not null,
  -- Device and inode of the file and of its lock file: a copy of the file has another, and its owner is not here.
  identity text not null
) strict;

create table cleanups (
  kind text primary key,
  ran_at integer,
  confirmed_at integer
) strict, without rowid;
`;
