/**
 * How often an event came again. A table of its own, since events are written once and most never come again. The digest
 * of an event's marks is from now on up to two of 16 bytes: that of its replay mark and that of a key that is a mark.
 */
export const duplicates = `
create table duplicates (
  seq integer primary key,
  count integer not null,
  last_at integer not null,
  differed integer not null
) strict;
`;
