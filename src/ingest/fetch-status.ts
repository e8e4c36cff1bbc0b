import type { FetchStatus } from './confirm-subscription.ts';

/** Asks for a URL with the platform's own client. What is answered beside the status is not read. */
export const fetchStatus: FetchStatus = async (url, signal) => {
  const response = await fetch(url, { redirect: 'manual', signal });
  await response.body?.cancel();
  return response.status;
};
