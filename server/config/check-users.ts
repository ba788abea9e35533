// Users of turn listeners: names and passwords that clients make the same keys of, however they spell them.
import { opaqueString } from '../lib/opaque-string.ts'
import type { Written } from './written.ts'
import type { Path } from './tree.ts'
import { isStandIn } from './stand-in.ts'

/** Checks a map of user names and passwords; no password is ever shown. */
export function checkUsers(checked: Written, path: Path, users: Readonly<Record<string, string>>): void {
  const names = new Map<string, string>()
  for (const [name, password] of Object.entries(users)) {
    const here = [...path, name]
    const report = (code: 'wrong-value' | 'duplicate', found: string, allowed: string, hint: string): void =>
      checked.report({ code, path: here, found, allowed, hint })
    if (!isStandIn(password) && opaqueString(password) === null)
      report(
        'wrong-value',
        `a password ${UNSEEN}`,
        `one ${SEEN}`,
        'clients may leave them out, and be refused',
      )
    const prepared = opaqueString(name)
    // Its schema said so already.
    if (name === '' || !name.isWellFormed() || /\p{Cc}/u.test(name)) continue
    if (prepared === null) {
      report(
        'wrong-value',
        `the name ${spelled(name)}, ${UNSEEN}`,
        `one ${SEEN}`,
        'whom it is meant for cannot be told',
      )
      continue
    }
    const other = names.get(prepared)
    if (other === undefined) names.set(prepared, name)
    else
      report(
        'duplicate',
        `${spelled(name)}, another spelling of ${spelled(other)}`,
        'names that differ in more than how their letters are composed',
        'to clients both are one user (RFC 8265)',
      )
  }
}

const UNSEEN = 'with characters that cannot be seen'
const SEEN = 'of letters, digits, signs and spaces (RFC 8265)'

/** With what is not ASCII as numbers: two that look alike are told apart. */
function spelled(name: string): string {
  const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  const text = JSON.stringify(name).replace(/[^\x20-\x7e]/g, escaped)
  return text.length > SPELLED_MAX ? `${text.slice(0, SPELLED_MAX)}…"` : text
}

const SPELLED_MAX = 80
