import type { AuditRows } from '../admin/audit.ts';
import type { BlockedKeys, ReleasedKey } from '../admin/blocked.ts';
import type { DeadLetters } from '../admin/dead-letters.ts';
import type { DestinationBodies, DestinationBody } from '../admin/destinations.ts';
import type { EventDetails } from '../admin/events.ts';
import type { EventHistory } from '../admin/history.ts';
import type { MinutesBody } from '../admin/minutes.ts';
import type { RejectedList, ReverifiedRequest, ShownRejected } from '../admin/rejected.ts';
import type { ReplayedDelivery } from '../admin/replay.ts';
import type { FoundEvents } from '../admin/search.ts';

/** What the endpoints answer that pages ask. */
export type Answers = Readonly<{
  'GET /admin/events': FoundEvents;
  'GET /admin/webhooks/:id': EventDetails;
  'GET /admin/webhooks/:id/history': EventHistory;
  'POST /admin/deliveries/:id/replay': ReplayedDelivery;
  'GET /admin/dead-letters': DeadLetters;
  'GET /admin/destinations': DestinationBodies;
  'GET /admin/destinations/:name': DestinationBody;
  'POST /admin/destinations/:name/hold': DestinationBody;
  'POST /admin/destinations/:name/resume': DestinationBody;
  'PUT /admin/destinations/:name/rate': DestinationBody;
  'DELETE /admin/destinations/:name/rate': DestinationBody;
  'GET /admin/rejected': RejectedList;
  'GET /admin/rejected/:id': ShownRejected;
  'POST /admin/rejected/:id/reverify': ReverifiedRequest;
  'GET /admin/blocked-keys': BlockedKeys;
  'POST /admin/blocked-keys/release': ReleasedKey;
  'GET /admin/audit': AuditRows;
  'GET /admin/minutes': MinutesBody;
}>;
