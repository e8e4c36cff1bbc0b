/** The source of `POST /webhooks`; it exists without being configured. */
export const DEFAULT_SOURCE = 'default';
