/**
 * Every name of a span and of an attribute. The conventions are those of OpenTelemetry (semantic conventions 1.4x: HTTP is
 * stable, messaging in development); what they have no name for begins with `webhook.`.
 */
export const SPAN = {
  /** SERVER; the method stands before it. */
  accept: '/webhooks/{source}',
  reverify: 'reverify',
  reconcile: 'reconcile',
  test: 'test',
  alert: 'alert',
  import: 'import',
  verify: 'verify',
  insert: 'insert',
  /** CONSUMER; the destination stands behind it. */
  process: 'process',
  handler: 'handler',
  settle: 'settle',
  replay: 'replay',
  cleanup: 'cleanup',
  route: 'route',
  /** The kind of the operation stands behind it. */
  bulk: 'bulk',
  count: 'count',
  run: 'run',
  takeBack: 'take back',
} as const;

export const ATTRIBUTE = {
  method: 'http.request.method',
  status: 'http.response.status_code',
  route: 'http.route',
  resendCount: 'http.request.resend_count',
  requestBytes: 'http.request.body.size',
  scheme: 'url.scheme',
  url: 'url.full',
  path: 'url.path',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  errorType: 'error.type',
  messagingSystem: 'messaging.system',
  operationName: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  destination: 'messaging.destination.name',
  messageId: 'messaging.message.id',
  messageBytes: 'messaging.message.body.size',
  source: 'webhook.source',
  eventId: 'webhook.event.id',
  deliveries: 'webhook.event.deliveries',
  deliveryId: 'webhook.delivery.id',
  attempt: 'webhook.attempt.number',
  outcome: 'webhook.attempt.outcome',
  settlement: 'webhook.delivery.settlement',
  result: 'webhook.accept.result',
  reason: 'webhook.accept.reason',
  duplicateBy: 'webhook.duplicate.by',
  conflict: 'webhook.duplicate.conflict',
  handshake: 'webhook.handshake',
  replayOf: 'webhook.replay.of',
  deleted: 'webhook.cleanup.deleted',
  operationId: 'webhook.operation.id',
  operationKind: 'webhook.operation.kind',
  operationState: 'webhook.operation.state',
  link: 'webhook.link',
} as const;

/** Attributes for counts, such as `webhook.reconcile.missing`. @param what of SPAN */
export function countAttributes(
  what: string,
  counts: Readonly<Record<string, number>>,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(counts).map(([name, count]) => [`webhook.${what}.${name}`, count]),
  );
}

/** `messaging.system` of spans that process a delivery: the inbox itself. */
export const MESSAGING_SYSTEM = 'webhook_receiver';

/** What a link leads to, as its attribute `webhook.link` says. */
export const LINK = {
  sender: 'sender',
  original: 'original',
  repeated: 'repeated',
  operation: 'operation',
} as const;
