/**
 * Dead letters with their destination and group, so that those of a destination or a cause are found without a look at
 * each of the others. The index has dead letters alone: nothing else pays for it.
 */
export const deadLetters = `
drop index deliveries_dead;
create index deliveries_dead on deliveries (key, destination, failure_group) where status = 'failed';
`;
