// What the one who looks may do. Controls that need more stay, disabled, and say which role they need.
import { me, type Role } from '../data/session.ts'

export type { Role } from '../data/session.ts'

const ORDER: readonly Role[] = ['viewer', 'operator', 'editor', 'admin']

/** Why a control that needs this role cannot be used, in words; null where it can. */
export function whyNotAllowed(needs: Role | undefined): string | null {
  const role = me.value?.role
  // Before it is known who looks, nothing is refused in advance: the gateway does that.
  if (needs === undefined || role === undefined) return null
  return ORDER.indexOf(role as Role) >= ORDER.indexOf(needs) ? null : `needs role ${needs}`
}
