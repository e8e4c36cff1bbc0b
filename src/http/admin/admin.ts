import type { FastifyInstance } from 'fastify';
import type { DocumentPart } from '../docs/operation.ts';
import { replyProblem } from '../reply.ts';
import { type AlertParts, addAlertEndpoints, alertDocument } from './alerts.ts';
import { type AuditParts, addAuditEndpoints, auditDocument } from './audit.ts';
import { addBlockedEndpoints, type BlockedParts, blockedDocument } from './blocked.ts';
import { addCleanupEndpoints, type CleanupParts, cleanupDocument } from './cleanup.ts';
import { addConfigEndpoint, type ConfigParts, configDocument } from './config.ts';
import { addConsoleLinkEndpoints, type ConsoleLinkParts, consoleLinkDocument } from './console-link.ts';
import { addDeadLetterEndpoints, type DeadLetterParts, deadLetterDocument } from './dead-letters.ts';
import { destinationDocument } from './destination-document.ts';
import { addDestinationEndpoints, type DestinationParts } from './destinations.ts';
import { createEndpoints, type EndpointParts, type Endpoints, serveEndpoints } from './endpoint.ts';
import { addEraseEndpoints, type EraseParts, eraseDocument } from './erase.ts';
import { addEventEndpoints, type EventParts, eventDocument } from './events.ts';
import { addExportEndpoints, type ExportParts, exportDocument } from './export.ts';
import { addFailureEndpoints, type FailureParts, failureDocument } from './failures.ts';
import { addHistoryEndpoints, type HistoryParts, historyDocument } from './history.ts';
import { addImportEndpoints, type ImportParts, importDocument } from './import.ts';
import type { Login, LoginParts } from './login.ts';
import { addMinuteEndpoints, type MinuteParts, minuteDocument } from './minutes.ts';
import { addOperationEndpoints, type OperationParts, operationDocument } from './operations.ts';
import { addReconcileEndpoints, type ReconcileEndpointParts, reconcileDocument } from './reconcile.ts';
import { addRejectedEndpoints, type RejectedParts, rejectedDocument } from './rejected.ts';
import { addReloadEndpoints, type ReloadEndpointParts, reloadDocument } from './reload.ts';
import { addReplayEndpoint, type ReplayParts, replayDocument } from './replay.ts';
import { addSearchEndpoints, type SearchParts, searchDocument } from './search.ts';
import { addSendTestEndpoints, type SendTestEndpointParts, sendTestDocument } from './send-test.ts';
import { addSourceListEndpoints, type SourceListParts, sourceListDocument } from './source-list.ts';
import { addSourceStateEndpoints, type SourceStateParts, sourceStateDocument } from './sources.ts';

export type AdminParts = EventParts &
  SearchParts &
  DeadLetterParts &
  FailureParts &
  AlertParts &
  ReplayParts &
  OperationParts &
  RejectedParts &
  SourceStateParts &
  BlockedParts &
  CleanupParts &
  DestinationParts &
  EraseParts &
  AuditParts &
  HistoryParts &
  LoginParts &
  ExportParts &
  ImportParts &
  ReconcileEndpointParts &
  ReloadEndpointParts &
  ConsoleLinkParts &
  ConfigParts &
  MinuteParts &
  SourceListParts &
  SendTestEndpointParts &
  EndpointParts;

/** The endpoints of the admin surface, which the pages of the console call too. */
export function openEndpoints(parts: AdminParts): Endpoints {
  const endpoints = createEndpoints(parts);
  const { add } = endpoints;
  addEventEndpoints(add, parts);
  addEraseEndpoints(add, parts);
  addSearchEndpoints(add, parts);
  addDeadLetterEndpoints(add, parts);
  addFailureEndpoints(add, parts);
  addAlertEndpoints(add, parts);
  addReplayEndpoint(add, parts);
  addBlockedEndpoints(add, parts);
  addOperationEndpoints(add, parts);
  addRejectedEndpoints(add, parts);
  addSourceStateEndpoints(add, parts);
  addCleanupEndpoints(add, parts);
  addDestinationEndpoints(add, parts);
  addAuditEndpoints(add, parts);
  addHistoryEndpoints(add, parts);
  addExportEndpoints(add, parts);
  addImportEndpoints(add, parts);
  addReconcileEndpoints(add, parts);
  addReloadEndpoints(add, parts);
  addConsoleLinkEndpoints(add, parts);
  addConfigEndpoint(add, parts);
  addMinuteEndpoints(add, parts);
  addSourceListEndpoints(add, parts);
  addSendTestEndpoints(add, parts);
  return endpoints;
}

/** The admin surface: what operators may see and do beyond the public status. */
export function registerAdmin(
  api: FastifyInstance,
  endpoints: Endpoints,
  { tokens, login }: Pick<LoginParts, 'tokens'> & Readonly<{ login: Login }>,
): void {
  api.register(async (admin) => {
    admin.decorateRequest('actor');
    admin.addHook('onRequest', async (request, reply) => {
      if (tokens().isEmpty) return reply.callNotFound();
      const actor = await login.byHeader(request.headers.authorization, request.ip);
      if (actor !== null) {
        request.actor = actor;
        return;
      }
      reply.header('www-authenticate', 'Bearer');
      const detail = 'Send Authorization: Bearer and a token, such as the ADMIN_TOKEN.';
      return replyProblem(reply, 'unauthorized', detail);
    });
    serveEndpoints(admin, endpoints);
  });
}

export const ADMIN_DOCUMENTS: readonly DocumentPart[] = [
  eventDocument,
  eraseDocument,
  searchDocument,
  deadLetterDocument,
  failureDocument,
  alertDocument,
  replayDocument,
  blockedDocument,
  operationDocument,
  rejectedDocument,
  sourceStateDocument,
  cleanupDocument,
  destinationDocument,
  auditDocument,
  historyDocument,
  exportDocument,
  importDocument,
  reconcileDocument,
  reloadDocument,
  consoleLinkDocument,
  configDocument,
  minuteDocument,
  sourceListDocument,
  sendTestDocument,
];
