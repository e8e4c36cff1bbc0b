/** Counts by minute: a row for each node, minute and flush. Nothing is updated, so nodes do not meet. */
export const minutes = `
create table minute_counts (
  minute integer not null,
  node text not null,
  accepted integer not null,
  rejected integer not null,
  failed integer not null
) strict;
create index minute_counts_minute on minute_counts (minute);
`;
