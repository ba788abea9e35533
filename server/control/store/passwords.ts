// Passwords: argon2id, with what OWASP asks of it at least (19 MiB, two passes): 28 ms of one core here.
import { randomBytes } from 'node:crypto'

const ARGON2 = { algorithm: 'argon2id', memoryCost: 19_456, timeCost: 2 } as const
/** In characters. What a password consists of is not asked: length is what helps (NIST SP 800-63B). */
export const PASSWORD_CHARS_MIN = 12
const PASSWORD_CHARS_MAX = 1024

/** What stands against a password; null: nothing. */
export function whyNoPassword(password: string): string | null {
  const length = [...password.normalize('NFKC')].length
  if (length < PASSWORD_CHARS_MIN)
    return `a password has at least ${PASSWORD_CHARS_MIN} characters, and this one ${length}`
  return length > PASSWORD_CHARS_MAX ? `a password has at most ${PASSWORD_CHARS_MAX} characters` : null
}

export const hashPassword = (password: string): Promise<string> =>
  Bun.password.hash(password.normalize('NFKC'), ARGON2)

/** Of a password that nobody knows. */
let dummy: Promise<string> | null = null

/**
 * Whether it is the password. `hash` null: there is no such user, which takes as long to find out as that a
 * password is wrong.
 */
export async function isPassword(password: string, hash: string | null): Promise<boolean> {
  dummy ??= hashPassword(randomBytes(24).toString('hex'))
  const against = hash ?? (await dummy)
  const known = password.slice(0, PASSWORD_CHARS_MAX).normalize('NFKC')
  // An empty one is refused by Bun without any work.
  const isSo = await Bun.password.verify(known === '' ? '\0' : known, against)
  return isSo && hash !== null
}
