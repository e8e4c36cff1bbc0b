/**
 * What is known of erased events beside their emptied rows. Both tables stay empty until the first erase, which makes
 * the secret: an accept then asks for no hashes.
 */
export const erased = `
create table erased (
  seq integer primary key,
  source text not null,
  -- Of its key, or of the mark that made its key, and which key of the mark it had: see marked-key.ts.
  key_hash blob not null,
  key_number integer not null,
  erased_at integer not null
) strict;

create unique index erased_by_key on erased (source, key_hash, key_number);

create table erasure (
  single integer primary key check (single = 1),
  secret blob not null,
  -- How many erases there were, and how many of them have left no trace in the file.
  erases integer not null,
  cleaned integer not null
) strict;
`;
