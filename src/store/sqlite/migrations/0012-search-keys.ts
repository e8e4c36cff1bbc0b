/** Values by which a source's configuration makes its events findable, written with the event where there are any. */
export const searchKeys = `
create table event_search (
  name text not null,
  value text not null,
  id blob not null,
  primary key (name, value, id)
) strict, without rowid;

create index event_search_by_id on event_search (id);
`;
