// Which role may what.
import { isAtLeast, type Role } from '../control/store/principal.ts'
import type { Permission } from './route.ts'

/** The least role that may; null: nobody has to be known. */
export const ROLE_FOR: Readonly<Record<Permission, Role | null>> = {
  open: null,
  view: 'viewer',
  operate: 'operator',
  edit: 'editor',
  administer: 'admin',
}

export function may(role: Role, permission: Permission): boolean {
  const least = ROLE_FOR[permission]
  return least === null || isAtLeast(role, least)
}
