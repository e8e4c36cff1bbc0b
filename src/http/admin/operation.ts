import { ANYWHERE, problems } from '../docs/operation.ts';
import type { ProblemCode } from '../problem.ts';

type AdminOperation = Readonly<{
  operationId: string;
  summary: string;
  parameters?: readonly object[];
  /** Successful replies by status. */
  replies: Readonly<Record<string, object>>;
  /** Problems besides those that every admin operation has. */
  problems?: readonly ProblemCode[];
}>;

/** An operation of the admin surface. Without ADMIN_TOKEN all of them are 404. */
export function adminOperation({ replies, problems: own = [], ...operation }: AdminOperation): object {
  return {
    tags: ['admin'],
    security: [{ adminToken: [] }],
    ...operation,
    responses: { ...replies, ...problems(...ANYWHERE, 'unauthorized', 'not_found', 'store_error', ...own) },
  };
}
