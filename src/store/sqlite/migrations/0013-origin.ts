/** How an event came here; null: it was received. */
export const origin = `
alter table events add column origin text;
`;
