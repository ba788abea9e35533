// Whether passwords are right, found out beside the loop: one costs some 30 ms of a core and 19 MiB. Few are
// worked on at once, few wait, and a pair that was found right is remembered for a while by a keyed hash, so
// that a client pays once and not with each request.
import { createHmac, randomBytes } from 'node:crypto'
import { tellBug } from '../lib/bug.ts'
import { BCRYPT_BYTES_MAX, isBcrypt } from '../lib/password-hash.ts'

const AT_ONCE = 2
const WAITING_MAX = 64
const KEPT_MAX = 10_000
/** Longer ones are nobody's. */
const PASSWORD_BYTES_MAX = 1024

/** Of a user or, with `isReal` false, of one who must not get in: that takes as long. */
export interface Shown {
  readonly user: string
  readonly password: Buffer
  readonly hash: string
  readonly isReal: boolean
}

type Verify = (password: Uint8Array, hash: string) => Promise<boolean>

export interface DeskParts {
  readonly verify: Verify
  readonly atOnce: number
  readonly waitingMax: number
  readonly keptMax: number
}

const USUAL: DeskParts = {
  verify: (password, hash) => Bun.password.verify(password, hash),
  ...{ atOnce: AT_ONCE, waitingMax: WAITING_MAX, keptMax: KEPT_MAX },
}

export class PasswordDesk {
  readonly #parts: DeskParts
  /** Nobody who reads this memory learns a password of it without hashing all over again. */
  readonly #key = randomBytes(32)
  /** When each was found right: ms on the clock of who asks, the oldest first. */
  readonly #kept = new Map<string, number>()
  /** Those that are worked on, or wait. */
  readonly #under = new Map<string, Promise<boolean>>()
  readonly #waiting: (() => void)[] = []
  #busy = 0

  constructor(parts: Partial<DeskParts> = {}) {
    this.#parts = { ...USUAL, ...parts }
  }

  /** What a pair is called here; a hash that was changed makes another one of it. */
  nameOf({ user, password, hash, isReal }: Shown): string {
    const hmac = createHmac('sha256', this.#key).update(`${isReal}\0${hash}\0${user.length}:${user}`)
    return hmac.update(password).digest('latin1')
  }

  /** Whether it was found right no longer ago than that. */
  isKnown(name: string, nowMs: number, rememberMs: number): boolean {
    const atMs = this.#kept.get(name)
    return atMs !== undefined && nowMs - atMs < rememberMs
  }

  /** Finds it out, once for all who ask at a time; null: too many wait. */
  check(name: string, shown: Shown, nowMs: number): Promise<boolean> | null {
    const under = this.#under.get(name)
    if (under !== undefined) return under
    if (this.#busy >= this.#parts.atOnce && this.#waiting.length >= this.#parts.waitingMax) return null
    const checking = this.#work(name, shown, nowMs).finally(() => this.#under.delete(name))
    this.#under.set(name, checking)
    return checking
  }

  async #work(name: string, shown: Shown, nowMs: number): Promise<boolean> {
    // Whoever ends hands its place on.
    if (this.#busy >= this.#parts.atOnce) await new Promise<void>((go) => this.#waiting.push(go))
    else this.#busy++
    try {
      const isRight = (await this.#verify(shown)) && shown.isReal
      if (isRight) this.#keep(name, nowMs)
      return isRight
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#busy--
      else next()
    }
  }

  async #verify({ password, hash }: Shown): Promise<boolean> {
    const most = isBcrypt(hash) ? BCRYPT_BYTES_MAX : PASSWORD_BYTES_MAX
    const known = password.length > most ? password.subarray(0, most) : password
    try {
      // An empty one would be refused without any work.
      const isRight = await this.#parts.verify(known.length === 0 ? NOTHING : known, hash)
      return isRight && password.length > 0 && password.length <= PASSWORD_BYTES_MAX
    } catch (error) {
      tellBug(error)
      return false
    }
  }

  #keep(name: string, nowMs: number): void {
    this.#kept.delete(name)
    if (this.#kept.size >= this.#parts.keptMax) {
      const { value } = this.#kept.keys().next()
      if (value !== undefined) this.#kept.delete(value)
    }
    this.#kept.set(name, nowMs)
  }
}

const NOTHING = Buffer.from('\0')

/** That of this process: what is known outlives reloads, and rules with the same users share it. */
export const passwordDesk = new PasswordDesk()
