// Sessions stay with the server that has them, by a cookie of ours: which server a request belongs to, and
// what its answer says to its client. What the cookie holds stands in sticky-seal.ts. Nothing is kept of any
// session: workers, and machines with the same secret, find the same. By a header or an address it needs no
// cookie: key.ts.
import { CookieSearch, endsCookie, withoutCookie } from '../head/cookie.ts'
import { FIELD_INTS, type Fields } from '../head/fields.ts'
import type { RequestHead } from '../head/request-head.ts'
import type { ResponseHead } from '../head/response-head.ts'
import { otherCookies } from '../head/sign-in-cookies.ts'
import { recentUnixSeconds } from '../lib/clock.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import type { BackendConfig } from './backend.options.ts'
import type { Server } from './server.ts'
import { givenAt, isOver, type Opened, SEALED_LENGTH, StickySeal } from './sticky-seal.ts'
import { isKeyed, stickyWords, type StickyWords } from './sticky-words.ts'
import { type InUse, whyUnused } from './usable.ts'

/**
 * hit: served by its server. elsewhere: by another one this once, as its own was full or failed, and the
 * cookie stays. moved: its server is out of use, and another one has it from now on. new, forged, expired:
 * what came instead of a good cookie.
 */
export const STICKY_RESULTS = ['hit', 'new', 'moved', 'elsewhere', 'forged', 'expired'] as const
export type StickyResult = (typeof STICKY_RESULTS)[number]

/** What became of a request's belonging. */
export interface Stuck {
  readonly result: StickyResult
  /** Why its server did not serve it; null: it did, or there was none. */
  readonly why: string | null
}

const HIT: Stuck = { result: 'hit', why: null }
const NEW: Stuck = { result: 'new', why: null }
const FORGED: Stuck = { result: 'forged', why: null }
const EXPIRED: Stuck = { result: 'expired', why: null }
const FULL: Stuck = { result: 'elsewhere', why: 'full' }
const FAILED: Stuck = { result: 'elsewhere', why: 'failed' }
const GONE: Stuck = { result: 'moved', why: 'gone' }

/** What a request shows: a good cookie, or why that is none. */
export type Shown = Opened | Stuck

/**
 * Cookies of the name that are looked at, of all fields together: each costs as many signatures as there are
 * secrets. Browsers send those of longer paths first.
 */
const COOKIES_MAX = 8
/** Of its ttl, after which a cookie is given anew. */
const RENEWED_AFTER = 0.1

export interface StickyParts {
  readonly backend: string
  readonly options: BackendConfig
  readonly servers: readonly Server[]
  readonly board: Scoreboard
  /** The one that the gateway has made, for where config has none. */
  readonly secret: string | undefined
  readonly previous: Sticky | null
}

/** Makes what a backend needs for its cookie; null: it has none. */
export function stickyOf(parts: StickyParts): Sticky | null {
  const words = stickyWords(parts.options)
  return words === null || isKeyed(words) ? null : new Sticky(words, parts)
}

export class Sticky {
  readonly words: StickyWords
  readonly #search: CookieSearch
  /** Of the cookie that servers set; null: any request may belong to one. */
  readonly #learned: CookieSearch | null
  readonly #isDashboard: boolean
  readonly #seal: StickySeal
  readonly #board: Scoreboard
  readonly #ttlS: number
  /** What follows the value in Set-Cookie, and Max-Age behind that. */
  readonly #attributes: readonly [plain: string, secure: string]
  #servers: readonly Server[]
  /** For each secret the servers, by what it calls them; made once the first one asks. */
  #called: (Map<string, Server> | null)[]
  /** By place: 0 for those that nobody belongs to, as they are out of use. */
  #inUse = new Uint8Array(0)
  /** By place: those that drain. */
  #draining = new Uint8Array(0)
  /** How many more of its cookies are looked at, of the request that is read. */
  #looks = 0
  /** The last value for each server, and the time in it. */
  #fresh: { readonly givenS: number; readonly value: string }[] = []

  constructor(words: StickyWords, { backend, options, servers, board, secret, previous }: StickyParts) {
    const secrets = words.secrets.length > 0 ? words.secrets : secret === undefined ? [] : [secret]
    if (secrets.length === 0) throw new Error(`backend "${backend}" has no secret for its cookie`)
    this.words = words
    this.#search = new CookieSearch(words.cookie)
    this.#learned = words.learn === undefined ? null : new CookieSearch(words.learn)
    this.#isDashboard = options.dashboard
    this.#board = board
    this.#ttlS = Math.ceil(words.ttl / 1000)
    this.#seal =
      previous !== null && previous.#seal.isOf(backend, secrets)
        ? previous.#seal
        : new StickySeal(backend, secrets)
    this.#attributes = [attributesOf(words, false), attributesOf(words, true)]
    this.#servers = servers
    this.#called = secrets.map(() => null)
  }

  /** The backend has these servers from now on. */
  serversAre(servers: readonly Server[]): void {
    this.#servers = servers
    this.#called = this.#called.map(() => null)
    this.#fresh = []
  }

  /** Which servers are in use: told anew with each epoch. */
  prepare({ usable, bound }: Pick<InUse, 'usable' | 'bound'>): void {
    const { length } = this.#servers
    this.#inUse = new Uint8Array(length)
    this.#draining = new Uint8Array(length)
    for (const { index } of usable) this.#inUse[index] = 1
    if (this.words.drain === 'leave' || usable === bound) return
    for (const { index } of bound) {
      if (this.#inUse[index] === 0) this.#draining[index] = 1
      this.#inUse[index] = 1
    }
  }

  /** Whether who belongs to a server is sent there. */
  keeps({ index }: Server): boolean {
    return this.#inUse[index] === 1
  }

  // ── what a request shows ──

  read(request: RequestHead): Shown {
    // Without the session itself, what says where that was is of no use.
    return this.#learned === null || hasCookie(request, this.#learned) ? this.#read(request) : NEW
  }

  #read(request: RequestHead): Shown {
    const { edits, fields } = request
    this.#looks = COOKIES_MAX
    if (edits !== null) {
      const bytes = Buffer.from(request.get('cookie') ?? '', 'latin1')
      return this.#readField(bytes, 0, bytes.length, NEW)
    }
    const { at, bytes } = fields
    let shown: Shown = NEW
    for (let f = 0; f < fields.count; f++) {
      if (!isCookies(fields, f)) continue
      const place = f * FIELD_INTS
      shown = this.#readField(bytes, at[place + 2]!, at[place + 3]!, shown)
      if (isOpened(shown) || this.#looks === 0) break
    }
    return shown
  }

  /** The first good one among several counts; else an expired one is told before a forged one. */
  #readField(bytes: Buffer, from: number, to: number, before: Shown): Shown {
    let shown = before
    let at = from
    while (this.#looks > 0) {
      at = this.#search.next(bytes, from, to, at)
      if (at === -1) break
      this.#looks--
      const end = at + SEALED_LENGTH
      const isWhole = end <= to && endsCookie(bytes, end, to)
      const opened = isWhole ? this.#seal.open(bytes, at) : null
      if (opened === null) shown = shown === EXPIRED ? EXPIRED : FORGED
      else if (isOver(opened.givenS, recentUnixSeconds(), this.#ttlS)) shown = EXPIRED
      else return opened
    }
    return shown
  }

  /** Takes the cookie out of a request that goes on to a server, where that is wanted and it has one. */
  strip(request: RequestHead, shown: Shown): void {
    if (!this.words.strip || (shown === NEW && !this.#isAlone(request))) return
    const field = request.edits === null ? request.values('cookie').join('; ') : (request.get('cookie') ?? '')
    const others = withoutCookie(field, this.words.cookie)
    // What is written anew is not looked at again when it goes out.
    const left = this.#isDashboard ? others : otherCookies(others)
    if (left === '') request.remove('Cookie')
    else request.set('Cookie', left)
  }

  /** It has ours without the session that it stands beside. */
  #isAlone(request: RequestHead): boolean {
    return this.#learned !== null && hasCookie(request, this.#search)
  }

  /** The server that a request belongs to; null: none, or one that is not there any more. */
  serverOf(shown: Shown): Server | null {
    if (!isOpened(shown)) return null
    const called = (this.#called[shown.secret] ??= this.#callServers(shown.secret))
    return called.get(shown.server) ?? null
  }

  #callServers(secret: number): Map<string, Server> {
    return new Map(this.#servers.map((server) => [this.#seal.nameOf(secret, server.name), server]))
  }

  // ── what becomes of it ──

  /** What became of a request that `server` was picked for. `hasFailed`: its own server was tried before. */
  judge(shown: Shown, own: Server | null, server: Server | null, hasFailed: boolean): Stuck {
    if (!isOpened(shown)) return shown
    // By slot: one that is let through by a breaker comes as an object of its own.
    if (own !== null && own.slot === server?.slot) return HIT
    if (own === null) return GONE
    if (this.keeps(own)) return hasFailed ? FAILED : FULL
    return { result: 'moved', why: whyUnused(own, this.#board, undefined) ?? 'others go before it' }
  }

  /**
   * The cookie that an answer of `server` gives to its client; null: the one that it has is as good. One that
   * is only signed anew, and one of a server that drains, ends when the old one would have ended.
   */
  cookieFor(shown: Shown, stuck: Stuck, server: Server, isSecure: boolean): string | null {
    if (stuck.result === 'elsewhere') return null
    const nowS = recentUnixSeconds()
    if (stuck !== HIT || !isOpened(shown))
      return this.#cookie(server, givenAt(nowS, this.#ttlS), nowS, isSecure)
    const isOld =
      this.words.sliding &&
      this.#ttlS !== 0 &&
      nowS - shown.givenS >= this.#ttlS * RENEWED_AFTER &&
      this.#draining[server.index] !== 1
    if (isOld) return this.#cookie(server, givenAt(nowS, this.#ttlS), nowS, isSecure)
    return shown.secret === 0 ? null : this.#cookie(server, shown.givenS, nowS, isSecure)
  }

  #cookie(server: Server, givenS: number, nowS: number, isSecure: boolean): string {
    const { secure = isSecure, cookie } = this.words
    const leftS = this.#ttlS === 0 || givenS >= nowS ? this.#ttlS : this.#ttlS - (nowS - givenS)
    const age = this.#ttlS === 0 ? '' : `; Max-Age=${Math.max(1, leftS)}`
    return `${cookie}=${this.#valueFor(server, givenS)}${age}${this.#attributes[secure ? 1 : 0]}`
  }

  /**
   * Cookies that stand beside those which an answer of `server` gives to its client: who gives a session has
   * it, whoever was asked. They are given, kept and taken away together.
   */
  learnedFrom(head: ResponseHead, server: Server): string[] {
    const { learn = '', cookie } = this.words
    return head.values('set-cookie').flatMap((given) => {
      if (!given.startsWith(`${learn}=`)) return []
      const attributes = given.indexOf(';')
      return [`${cookie}=${this.#valueFor(server, 0)}${attributes === -1 ? '' : given.slice(attributes)}`]
    })
  }

  #valueFor({ name, index }: Server, givenS: number): string {
    const last = this.#fresh[index]
    if (last !== undefined && last.givenS === givenS) return last.value
    const value = this.#seal.seal(name, givenS)
    this.#fresh[index] = { givenS, value }
    return value
  }
}

const COOKIE_FIELD = Buffer.from('cookie')

function isCookies(fields: Fields, field: number): boolean {
  const place = field * FIELD_INTS
  const length = fields.at[place + 1]! - fields.at[place]!
  return length === COOKIE_FIELD.length && fields.isNamed(field, COOKIE_FIELD)
}

function hasCookie({ fields }: RequestHead, search: CookieSearch): boolean {
  for (let f = 0; f < fields.count; f++) {
    const place = f * FIELD_INTS
    if (
      isCookies(fields, f) &&
      search.next(fields.bytes, fields.at[place + 2]!, fields.at[place + 3]!) !== -1
    )
      return true
  }
  return false
}

export const isOpened = (shown: Shown): shown is Opened => 'server' in shown

const SAME_SITE = { strict: 'Strict', lax: 'Lax', none: 'None' } as const

function attributesOf({ path, domain, http_only, same_site }: StickyWords, isSecure: boolean): string {
  const where = `; Path=${path}${domain === undefined ? '' : `; Domain=${domain}`}`
  return `${where}${http_only ? '; HttpOnly' : ''}${isSecure ? '; Secure' : ''}; SameSite=${SAME_SITE[same_site]}`
}
