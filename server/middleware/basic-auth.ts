// Basic authentication (RFC 7617): user names and passwords that come with each request.
import type { RequestHead } from '../head/request-head.ts'
import type { Answer } from '../head/answer.ts'
import { takeOutNamed } from '../head/same-named.ts'
import type { Exchange } from '../http/exchange.ts'
import { readUsers, utf8Text } from '../lib/access-files.ts'
import { networkKey } from '../lib/ip-address.ts'
import { whyNoHash } from '../lib/password-hash.ts'
import { fieldText } from '../rules/template-escapes.ts'
import { Access, foreseen, identityOf, type Refusal } from './access.ts'
import type { BasicAuthConfig } from './basic-auth.options.ts'
import { Failures } from './failures.ts'
import type { Foreseen, Middleware, StepWorld } from './middleware.ts'
import { type PasswordDesk, passwordDesk, type Shown } from './password-desk.ts'

const IPV6_PREFIX = 64

const ODD = 'credentials that break RFC 7617'

/** It hands on who has failed, over a reload. */
interface BasicAuth extends Middleware {
  readonly failures: Failures
}

export function basicAuth(options: BasicAuthConfig, world: StepWorld, desk = passwordDesk): Middleware {
  const step = new Step(options, world, desk)
  const made: BasicAuth = {
    name: 'basic_auth',
    failures: step.failures,
    request: (x) => step.request(x),
    explain: (x) => step.explain(x),
  }
  return made
}

class Step {
  readonly failures: Failures
  readonly #options: BasicAuthConfig
  readonly #users: ReadonlyMap<string, string>
  readonly #hashes: readonly string[]
  readonly #access: Access
  readonly #now: () => number
  readonly #desk: PasswordDesk
  /** Fields that clients cannot send. */
  readonly #ours: ReadonlySet<string>
  readonly #missing: Refusal
  readonly #wrong: Refusal
  readonly #busy: Refusal = { code: 'credentials_busy', why: 'too many passwords wait to be looked at' }

  constructor(options: BasicAuthConfig, world: StepWorld, desk: PasswordDesk) {
    this.#options = options
    this.#users = usersOf(options, world)
    this.#hashes = [...this.#users.values()]
    this.#access = new Access('basic_auth', world)
    this.#now = world.now
    this.#ours = new Set(options.user_header === undefined ? [] : [options.user_header.toLowerCase()])
    this.#desk = desk
    this.failures = (world.previous as BasicAuth | null)?.failures ?? new Failures()
    const headers = [['WWW-Authenticate', `Basic realm="${options.realm}", charset="UTF-8"`]] as const
    this.#missing = { code: 'credentials_missing', why: 'no credentials', headers }
    this.#wrong = { code: 'credentials_wrong', why: 'no such user', headers }
  }

  request(x: Exchange): Answer | undefined | Promise<Answer | undefined> {
    const { user_header: field } = this.#options
    const came = credentialsOf(x.request)
    if (field !== undefined) takeOutNamed(x.request, this.#ours)
    if (came === null) return this.#access.refused(x, this.#missing)
    if (came === 'odd') return this.#access.refused(x, { ...this.#wrong, why: ODD })
    const desk = this.#desk
    const shown = this.#shown(came.user, came.password)
    const name = desk.nameOf(shown)
    const now = this.#now()
    if (desk.isKnown(name, now, this.#options.remember)) return this.#pass(x, came.user)
    const client = networkKey(x.client.address ?? x.client.socketAddress, IPV6_PREFIX)
    const waitMs = this.failures.waitMs(client, this.#options.failures, now)
    if (waitMs > 0) return this.#access.refused(x, tooMany(waitMs))
    const checking = desk.check(name, shown, now)
    if (checking === null) return this.#access.refused(x, this.#busy)
    return checking.then((isRight) => {
      if (isRight) return this.#pass(x, came.user)
      this.failures.add(client, this.#options.failures, this.#now())
      const why = shown.isReal ? `a wrong password of ${came.user}` : 'no such user'
      return this.#access.refused(x, { ...this.#wrong, why })
    })
  }

  /** Passwords are looked at for clients only. */
  explain(x: Exchange): Foreseen {
    const came = credentialsOf(x.request)
    if (came === null) return foreseen(this.#missing)
    if (came === 'odd') return foreseen({ ...this.#wrong, why: ODD })
    return this.#users.has(came.user)
      ? { why: `the password of ${came.user} is not looked at here`, depends: true }
      : foreseen(this.#wrong)
  }

  /** Nobody's is asked of the hash of somebody: it takes as long, and lets nobody in. */
  #shown(user: string, password: Buffer): Shown {
    const hash = this.#users.get(user)
    if (hash !== undefined) return { user, password, hash, isReal: true }
    const place = Number(Bun.hash.wyhash(user) % BigInt(this.#hashes.length || 1))
    return { user, password, hash: this.#hashes[place] ?? UNKNOWN, isReal: false }
  }

  #pass(x: Exchange, user: string): undefined {
    const { pass_credentials: isPassed, user_header: field } = this.#options
    x.identity = identityOf('basic_auth', user)
    if (!isPassed) x.request.remove('authorization')
    if (field !== undefined) x.request.set(field, fieldText(user))
    return this.#access.passed()
  }
}

function usersOf({ users, file }: BasicAuthConfig, { textOf }: StepWorld): Map<string, string> {
  const read = file === undefined ? new Map<string, string>() : readUsers(utf8Text(textOf(file)))
  if ('line' in read) throw new RangeError(`${file}: line ${read.line} ${read.why}`)
  const own = Object.entries(users).filter(([, hash]) => whyNoHash(hash) === null)
  return new Map([...read, ...own])
}

/** Where there are no users: of a password that nobody knows. */
const UNKNOWN = `$2b$10$${'.'.repeat(53)}`

const tooMany = (waitMs: number): Refusal => ({
  code: 'credentials_limited',
  why: 'wrong passwords too often',
  headers: [['Retry-After', String(Math.max(1, Math.ceil(waitMs / 1000)))]],
})

const UTF8 = new TextDecoder('utf-8', { fatal: true })
/** A field is no longer than heads may be; what names somebody is much shorter. */
const CREDENTIALS_CHARS_MAX = 4096

/** What a request shows; null: nothing of this scheme. odd: nobody can say what, or whose. */
function credentialsOf(request: RequestHead): { user: string; password: Buffer } | null | 'odd' {
  const field = request.get('authorization')
  if (field === null || !/^basic(?: |$)/i.test(field)) return null
  // Servers would differ in which of two they believe.
  if (request.isAmbiguous('authorization')) return 'odd'
  const token = field.slice(6).trim()
  if (token.length > CREDENTIALS_CHARS_MAX || !/^[A-Za-z0-9+/]+={0,2}$/.test(token)) return 'odd'
  const bytes = Buffer.from(token, 'base64')
  const colon = bytes.indexOf(58)
  if (colon < 0) return 'odd'
  try {
    const user = UTF8.decode(bytes.subarray(0, colon))
    // RFC 7617 §2: neither has control characters.
    return /\p{Cc}/u.test(user) ? 'odd' : { user, password: bytes.subarray(colon + 1) }
  } catch {
    return 'odd'
  }
}
