import { z } from 'zod';
import { SYSTEM } from '../domain/audit.ts';
import { ADMIN_NAME, type NamedToken, ROLES } from '../domain/role.ts';
import { strict } from '../schema/strict-object.ts';
import { secretToken } from './env-kinds.ts';
import { withoutSecretFlaw } from './secret-text.ts';

const ROLE_TAKES = 'viewer, operator or admin';

/** A token of the config file. */
export const tokenSchema = strict(
  {
    role: z.enum(ROLES, ROLE_TAKES),
    token: withoutSecretFlaw(
      z.string(secretToken.takes).refine((text) => secretToken.schema.safeParse(text).success, {
        error: secretToken.takes,
      }),
    ),
  },
  'an object with role and token',
);
type TokenValues = z.output<typeof tokenSchema>;
type TokensByName = Readonly<Record<string, TokenValues>>;

/** Names and tokens must tell people apart. */
export function tellsApart(tokens: TokensByName, context: z.core.$RefinementCtx): void {
  const owners = new Map<string, string>();
  for (const [name, { token }] of Object.entries(tokens)) {
    if (name === SYSTEM.name) {
      const message = 'another name: this one is the receiver itself in the audit';
      context.addIssue({ code: 'custom', path: [name], message });
    }
    const owner = owners.get(token);
    if (owner !== undefined) {
      const message = `another token than that of ${owner}: the audit would not know who acts`;
      context.addIssue({ code: 'custom', path: [name, 'token'], message });
    }
    owners.set(token, name);
  }
}

/** Finds what is wrong between the tokens of the file and ADMIN_TOKEN. */
export function checkAdminToken(
  adminToken: string | null,
  file: readonly (readonly [string, Readonly<Record<string, unknown>>])[],
): string[] {
  if (adminToken === null) return [];
  return file.flatMap(([name, { token }]) => {
    if (name === ADMIN_NAME)
      return [`tokens.${name}: takes another name, since ADMIN_TOKEN is set and has it`];
    if (token !== adminToken) return [];
    return [`tokens.${name}.token: takes another token than ADMIN_TOKEN: the audit would not know who acts`];
  });
}

/** All tokens: that of ADMIN_TOKEN first. */
export function toTokens(adminToken: string | null, file: TokensByName): readonly NamedToken[] {
  const own = adminToken === null ? [] : [{ name: ADMIN_NAME, role: 'admin' as const, token: adminToken }];
  return [...own, ...Object.entries(file).map(([name, { role, token }]) => ({ name, role, token }))];
}
