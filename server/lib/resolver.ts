// Names of servers to addresses. The system's own resolver (getaddrinfo) tells no TTL and blocks a thread, so names are
// asked here: /etc/hosts first, then DNS, A and AAAA, as written: search domains of resolv.conf are not tried.
//
// An answer is fresh for its TTL. After it the old answer is still given for STALE_MS while a new one is fetched behind it;
// later callers wait for the new one, unless DNS fails: then the last good answer holds until DNS is back.
import { Resolver as Dns, type RecordWithTtl } from 'node:dns'
import type { Config } from '../config/schema.ts'
import { Hosts, nameOf } from './hosts.ts'
import { canonicalAddress } from './ranges.ts'

/** Called once: the addresses, v4 first; none means failure, and `why` says which. */
export type Resolved = (addresses: readonly string[], why: string | null) => void

export interface ResolverSettings {
  readonly hostsFile?: string
  /** Most names kept; beyond it the oldest go. */
  readonly names?: number
}

type Options = Config['resolver']

const STALE_MS = 30_000
/** A name that has never resolved is not asked again within this time. */
const FAILED_MS = 1000
const NAMES = 65_536
/** Names asked at once; more wait, as a burst of thousands of datagrams would be dropped by the DNS server. */
const IN_FLIGHT = 64
/** A datagram may be lost: a query without an answer is sent once more. */
const TRIES = 2

/** Resolves names of servers; never throws. */
export class Resolver {
  readonly #now: () => number
  readonly #hosts: Hosts
  readonly #names: number
  readonly #entries = new Map<string, Entry>()
  /** Names to ask when one in flight is done. */
  readonly #queued: Entry[] = []
  #inFlight = 0
  #options: Options

  constructor(options: Options, now: () => number, settings: ResolverSettings = {}) {
    this.#now = now
    this.#hosts = new Hosts(settings.hostsFile ?? '/etc/hosts', now)
    this.#names = settings.names ?? NAMES
    this.#options = options
  }

  /** Takes new options; what is known stays known, queries in flight end with the old ones. */
  configure(options: Options): void {
    this.#options = options
  }

  /** The addresses of a host without waiting; null when they are unknown or too old: then `lookup`. */
  addresses(host: string): readonly string[] | null {
    const known = this.#local(host)
    if (known !== null) return known
    const entry = this.#entries.get(nameOf(host))
    if (entry === undefined || entry.addresses.length === 0) return null
    const lateMs = this.#now() - entry.expiresMs
    if (lateMs < 0) return entry.addresses
    if (lateMs >= STALE_MS && !entry.failing) return null
    this.#refresh(entry)
    return entry.addresses
  }

  /** Calls `done` with the host's addresses: at once when they are known, else when DNS has answered. */
  lookup(host: string, done: Resolved): void {
    const known = this.addresses(host)
    if (known !== null) return done(known, null)
    const name = nameOf(host)
    if (!isName(name)) return done([], `"${host}" is not a host name`)
    const entry = this.#entries.get(name) ?? this.#add(name)
    if (!entry.asking && entry.why !== null && this.#now() < entry.expiresMs) return done([], entry.why)
    entry.waiting.push(done)
    this.#refresh(entry)
  }

  /** Names that are kept. */
  get size(): number {
    return this.#entries.size
  }

  #local(host: string): readonly string[] | null {
    const code = host.charCodeAt(host.length - 1)
    // Only a digit, a colon or a hexadecimal letter can end an address: most names stop here.
    const mayBeAddress = (code >= 48 && code <= 58) || host.includes(':')
    const address = mayBeAddress ? canonicalAddress(host) : null
    return address !== null ? [address] : this.#hosts.addresses(nameOf(host))
  }

  #add(name: string): Entry {
    for (const [oldest, entry] of this.#entries) {
      if (this.#entries.size < this.#names) break
      if (!entry.asking) this.#entries.delete(oldest)
    }
    const entry = new Entry(name)
    this.#entries.set(name, entry)
    return entry
  }

  #refresh(entry: Entry): void {
    if (entry.asking) return
    entry.asking = true
    if (this.#inFlight < IN_FLIGHT) this.#ask(entry)
    else this.#queued.push(entry)
  }

  #ask(entry: Entry): void {
    this.#inFlight++
    const answers: Answer[] = []
    const take = (answer: Answer): void => {
      answers.push(answer)
      if (answers.length === 2) this.#settle(entry, answers)
    }
    ask({ family: 4, name: entry.name, options: this.#options, tries: TRIES }, take)
    ask({ family: 6, name: entry.name, options: this.#options, tries: TRIES }, take)
  }

  #settle(entry: Entry, answers: readonly Answer[]): void {
    const { ttl_min, ttl_max } = this.#options
    const good = entry.take(answers)
    const ttlMs = Math.min(Math.max(good ? entry.ttlMs : FAILED_MS, ttl_min), Math.max(ttl_max, ttl_min))
    entry.expiresMs = this.#now() + ttlMs
    entry.asking = false
    this.#inFlight--
    const next = this.#queued.shift()
    if (next !== undefined) this.#ask(next)
    const waiting = entry.waiting
    entry.waiting = []
    const why = entry.addresses.length > 0 ? null : entry.why
    for (const done of waiting) done(entry.addresses, why)
  }
}

/** What one query brought. `gone`: no such address, or no such name: the resolver says ENOTFOUND to both. */
type Answer = { readonly family: 4 | 6 } & (
  | { readonly is: 'found'; readonly records: readonly RecordWithTtl[] }
  | { readonly is: 'gone' }
  | { readonly is: 'failed'; readonly why: string }
)

/** What is known about a name. */
class Entry {
  readonly name: string
  addresses: readonly string[] = []
  expiresMs = 0
  ttlMs = 0
  /** The last query brought nothing, and the addresses are older. */
  failing = false
  why: string | null = null
  asking = false
  waiting: Resolved[] = []
  #v4: readonly string[] = []
  #v6: readonly string[] = []

  constructor(name: string) {
    this.name = name
  }

  /** Takes both answers, keeping the last good one of a family that failed; false when neither brought an address. */
  take(answers: readonly Answer[]): boolean {
    const found = answers.filter((answer) => answer.is === 'found')
    this.failing = found.length === 0
    if (this.failing) {
      this.why = whyNone(answers, this.name)
      return false
    }
    for (const answer of answers) {
      if (answer.is === 'failed') continue
      const list = answer.is === 'found' ? answer.records.map((record) => record.address) : []
      if (answer.family === 4) this.#v4 = list
      else this.#v6 = list
    }
    this.addresses = [...this.#v4, ...this.#v6]
    // A family that failed is asked again soon: with the least TTL allowed.
    const isWhole = answers.every((answer) => answer.is !== 'failed')
    this.ttlMs = isWhole
      ? 1000 * Math.min(...found.flatMap(({ records }) => records.map(({ ttl }) => ttl)))
      : 0
    this.why = null
    return true
  }
}

function whyNone(answers: readonly Answer[], name: string): string {
  for (const answer of answers) if (answer.is === 'failed') return answer.why
  return `DNS knows no address of ${name}`
}

interface Query {
  readonly family: 4 | 6
  readonly name: string
  readonly options: Options
  readonly tries: number
}

/** Asks for one family, once more when no answer came in time; calls `take` exactly once. */
function ask({ family, name, options, tries }: Query, take: (answer: Answer) => void): void {
  let isOver = false
  const finish = (error: Error | null, records: readonly RecordWithTtl[]): void => {
    if (isOver) return
    isOver = true
    clearTimeout(timer)
    const code = error === null ? null : codeOf(error)
    if (code === 'ETIMEOUT' && tries > 1) ask({ family, name, options, tries: tries - 1 }, take)
    else if (code === 'ENOTFOUND' || code === 'ENODATA' || (code === null && records.length === 0))
      take({ family, is: 'gone' })
    else if (code === null) take({ family, is: 'found', records })
    else take({ family, is: 'failed', why: whyOf(code, name) })
  }
  // The resolver looks at its own timeouts only about once a second.
  const timer = setTimeout(() => finish(TIMED_OUT, []), options.timeout)
  try {
    const dns = dnsOf(options)
    if (family === 4) dns.resolve4(name, { ttl: true }, (error, records) => finish(error, records ?? []))
    else dns.resolve6(name, { ttl: true }, (error, records) => finish(error, records ?? []))
  } catch (error) {
    finish(error instanceof Error ? error : new Error(String(error)), [])
  }
}

const TIMED_OUT = Object.assign(new Error('timeout'), { code: 'ETIMEOUT' })

const codeOf = (error: Error): string =>
  'code' in error && typeof error.code === 'string' ? error.code.replace(/^DNS_/, '') : error.message

function whyOf(code: string, name: string): string {
  const reason = REASONS[code]
  return reason === undefined ? `DNS failed for ${name}: ${code}` : `${reason} ${name}`
}

const REASONS: Readonly<Record<string, string>> = {
  ESERVFAIL: 'the DNS server failed for',
  ETIMEOUT: 'DNS did not answer in time for',
  ECONNREFUSED: 'the DNS server refused the connection for',
  EREFUSED: 'the DNS server refused to answer for',
}

/** One for each query, at 50 µs: c-ares keeps answers in each resolver, which would hide a refresh before the TTL is over. */
function dnsOf(options: Options): Dns {
  const dns = new Dns({ timeout: options.timeout, tries: 1 })
  if (options.servers.length > 0) dns.setServers(options.servers)
  return dns
}

/** RFC 1035 §2.3.4 in length; letters beyond RFC 952 (an underscore, a leading digit) are in use. */
const isName = (name: string): boolean =>
  name.length <= 253 && /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/.test(name)
