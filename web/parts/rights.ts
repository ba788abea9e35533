// What the one who looks may do. Controls that need more stay, disabled, and say which role they need.
import { signal } from '@preact/signals'

/** Roles of the API, each may do what those before it may. */
export type Role = 'viewer' | 'operator' | 'editor' | 'admin'

const ORDER: readonly Role[] = ['viewer', 'operator', 'editor', 'admin']

/** The role of the one signed in; null before that is known. */
export const ownRole = signal<Role | null>(null)

/** Why a control that needs this role cannot be used, in words; null where it can. */
export function whyNotAllowed(needs: Role | undefined): string | null {
  if (needs === undefined || ownRole.value === null) return null
  return ORDER.indexOf(ownRole.value) >= ORDER.indexOf(needs) ? null : `needs role ${needs}`
}
