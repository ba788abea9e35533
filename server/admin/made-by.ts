// What goes with a change of the config: which door it came by, and what its author may not touch.
import type { EditionNote, KeepsAdmin } from '../control/problem.ts'
import { isAtLeast } from '../control/store/principal.ts'
import { problem } from './problem.ts'
import type { Asked } from './route.ts'

const DOORS = { user: 'ui', token: 'api', jwt: 'api', local: 'cli' } as const

/** Which door it came by, and what its author says of it. */
export const noteOf = (
  asked: Pick<Asked, 'who' | 'isStepUpDue'>,
  message: string | null = null,
): EditionNote => ({
  source: DOORS[asked.who.kind],
  message,
  keepsAdmin: keepsAdmin(asked),
})

/** Who may ask, and how the gateway is asked, is for admins with a fresh password. */
export const keepsAdmin = ({ who, isStepUpDue }: Pick<Asked, 'who' | 'isStepUpDue'>): KeepsAdmin =>
  isAtLeast(who.role, 'admin') ? (isStepUpDue === true ? 'step_up' : null) : 'role'

/** How a hash begins, empty where any will do; null: there is none; undefined: it is no hash. */
export function hashIn(tag: string | null): string | null | undefined {
  if (tag === null) return null
  if (tag === '*') return ''
  return /^"?([0-9a-f]{8,64})"?$/.exec(tag.toLowerCase())?.[1]
}

export const notHash = (): Response =>
  problem('bad_request', 'If-Match is no hash: at least 8 hexadecimal digits, in quotes.')
