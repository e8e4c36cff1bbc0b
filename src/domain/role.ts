/** Who may do what, from least to most: each role may do what the roles before it may. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Whether a role includes what another one may do. */
export function mayActAs(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** The name of whoever has ADMIN_TOKEN. */
export const ADMIN_NAME = 'admin';

/** A token of the admin surface, by the name of who has it. */
export type NamedToken = Readonly<{ name: string; role: Role; token: string }>;
