import { ANYWHERE, problems } from '../docs/operation.ts';
import { PROBLEMS, type ProblemCode } from '../problem.ts';

type AdminOperation = Readonly<{
  operationId: string;
  summary: string;
  parameters?: readonly object[];
  requestBody?: object;
  /** Successful replies by status. */
  replies: Readonly<Record<string, object>>;
  /** Problems besides those that every admin operation has. */
  problems?: readonly ProblemCode[];
}>;

/** Also what every admin operation answers without ADMIN_TOKEN. */
const CLOSED = {
  ...problems('not_found')['404'],
  description: `${PROBLEMS.not_found.title} (\`not_found\`), or the receiver runs without ADMIN_TOKEN.`,
};

/** An operation of the admin surface. */
export function adminOperation({ replies, problems: own = [], ...operation }: AdminOperation): object {
  return {
    tags: ['admin'],
    security: [{ adminToken: [] }],
    ...operation,
    responses: {
      ...replies,
      ...problems(...ANYWHERE, 'unauthorized', 'forbidden', 'not_found', 'invalid', 'store_error', ...own),
      '404': CLOSED,
    },
  };
}
