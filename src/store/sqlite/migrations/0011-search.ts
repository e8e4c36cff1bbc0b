/**
 * Ways to the events of a source and of a type, newest first: ids grow with the time of receipt, so a range of them is
 * a range of time. An insert appends to both.
 */
export const search = `
create index events_by_source on events (source, id);
create index events_by_type on events (event_type, id);
`;
