/** The source that `POST /webhooks` goes by; it exists without being configured. */
export const DEFAULT_SOURCE = 'default';
