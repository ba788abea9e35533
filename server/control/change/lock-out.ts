// An edit that comes by the admin listener and moves it may shut its author out: it waits to be confirmed,
// over the new one, whether that was asked for or not.
import type { Edition, EditionNote } from '../problem.ts'

/** Time to open the new address in a browser, with another certificate perhaps. */
const CONFIRM_MS = 120_000

/** How long it waits; null: it does not. By the Unix socket nobody is shut out. */
export function lockOutMs(note: EditionNote | undefined, before: Edition, after: Edition): number | null {
  if (note?.source !== 'ui' && note?.source !== 'api') return null
  return isMoved(before, after) ? CONFIRM_MS : null
}

/** Whether the admin listener is reached in another way. */
export const isMoved = (before: Edition, after: Edition): boolean =>
  !Bun.deepEquals(doorOf(before), doorOf(after))

/** Where it is, with which certificate, and by which names it is asked. */
function doorOf({ config: { admin } }: Edition): unknown {
  if (admin === false) return null
  const { trusted: _, files: __, ...door } = admin
  return door
}
