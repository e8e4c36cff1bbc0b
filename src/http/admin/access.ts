import type { AuditAction } from '../../domain/audit.ts';
import type { Role } from '../../domain/role.ts';

/** Who may use an endpoint, and what its use is called in the audit; null if it changes and reveals nothing. */
export type Access = Readonly<{
  role: Role;
  action: AuditAction | null;
  /** What its use with ?reveal=true is called. */
  revealAs?: AuditAction;
}>;

const sees = (role: Role): Access => ({ role, action: null });
/** Shows what is masked to whoever asks for it with ?reveal=true, and may. */
const reveals = (role: Role, revealAs: AuditAction): Access => ({ role, action: null, revealAs });
const acts = (role: Role, action: AuditAction): Access => ({ role, action });

/** Every endpoint of the admin surface. One that is not here cannot be registered. */
export const ADMIN_ACCESS = {
  'GET /admin/webhooks/:id': reveals('viewer', 'event.reveal'),
  'POST /admin/webhooks/:id/erase': acts('admin', 'event.erase'),
  'POST /admin/erase': acts('admin', 'event.erase'),
  'GET /admin/events': sees('viewer'),
  'GET /admin/export': acts('viewer', 'event.export'),
  'POST /admin/import': acts('admin', 'event.import'),
  'GET /admin/dead-letters': sees('viewer'),
  'GET /admin/failures': sees('viewer'),
  'GET /admin/alerts': sees('viewer'),
  'POST /admin/alerts/:id/ack': acts('operator', 'alert.ack'),
  'POST /admin/alerts/test': acts('operator', 'alert.test'),
  'POST /admin/deliveries/:id/replay': acts('operator', 'delivery.replay'),
  'GET /admin/blocked-keys': sees('viewer'),
  'POST /admin/blocked-keys/release': acts('operator', 'order_key.release'),
  'GET /admin/rejected': sees('viewer'),
  'GET /admin/rejected/:id': reveals('viewer', 'rejected.reveal'),
  'POST /admin/rejected/:id/reverify': acts('operator', 'rejected.reverify'),
  'POST /admin/operations': acts('operator', 'operation.plan'),
  'GET /admin/operations': sees('viewer'),
  'GET /admin/operations/:id': sees('viewer'),
  'POST /admin/operations/:id/run': acts('operator', 'operation.run'),
  'POST /admin/operations/:id/cancel': acts('operator', 'operation.cancel'),
  'POST /admin/operations/:id/take-back': acts('operator', 'operation.take_back'),
  'GET /admin/sources/:name/state': acts('admin', 'source_state.read'),
  'DELETE /admin/sources/:name/state/:entry': acts('admin', 'source_state.drop'),
  'POST /admin/sources/:name/reconcile': acts('operator', 'source.reconcile'),
  'GET /admin/destinations': sees('viewer'),
  'GET /admin/destinations/:name': sees('viewer'),
  'POST /admin/destinations/:name/hold': acts('operator', 'destination.hold'),
  'POST /admin/destinations/:name/resume': acts('operator', 'destination.resume'),
  'PUT /admin/destinations/:name/rate': acts('operator', 'destination.rate'),
  'DELETE /admin/destinations/:name/rate': acts('operator', 'destination.rate'),
  'POST /admin/sources/:name/test': acts('operator', 'source.test'),
  'POST /admin/destinations/:name/test': acts('operator', 'destination.test'),
  'GET /admin/audit': sees('viewer'),
  'GET /admin/audit/chain': sees('viewer'),
  'GET /admin/webhooks/:id/history': sees('viewer'),
  'POST /admin/cleanup/confirm': acts('operator', 'cleanup.confirm'),
  'GET /admin/sources': sees('viewer'),
  'GET /admin/sources/:name': sees('viewer'),
  'GET /admin/config': sees('viewer'),
  'GET /admin/minutes': sees('viewer'),
  'POST /admin/console-link': acts('admin', 'console.link'),
  'POST /admin/reload': acts('admin', 'config.reload'),
} as const satisfies Readonly<Record<string, Access>>;

/** The name of an endpoint: its method and its path. */
export type EndpointName = keyof typeof ADMIN_ACCESS;

/** Whether a route is an endpoint. A HEAD is answered by the endpoint of its GET. */
export function isEndpoint(method: string, url: string): boolean {
  return `${method === 'HEAD' ? 'GET' : method} ${url}` in ADMIN_ACCESS;
}
