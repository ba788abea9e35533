// Names of servers to addresses. The system's own resolver (getaddrinfo) tells no TTL and blocks a thread, so
// names are asked here: /etc/hosts first, then DNS, A and AAAA at once, by the search list of resolv.conf.
// Where one family answers and the other lets wait for itself, the addresses of the first are used (RFC 8305
// §3), and the others join them later.
//
// An answer is fresh for its TTL. After it the old answer is still given for STALE_MS while a new one is
// fetched behind it; later callers wait for the new one, unless DNS fails: then the last good answer holds
// until DNS is back. Where DNS itself says that there is no such name any more, it holds for GONE_MS: the
// address may soon be somebody else's.
import type { DnsAnswer } from './dns-query.ts'
import { askInTurn, type DnsOutcome } from './dns-round.ts'
import { Hosts, nameOf } from './hosts.ts'
import { canonicalAddress } from './ip-address.ts'
import type { ResolverConfig } from './resolver.options.ts'
import { SearchList } from './search-list.ts'

/** Called once: the addresses, v4 first; none means failure, and `why` says which. */
export type Resolved = (addresses: readonly string[], why: string | null) => void

export interface ResolverSettings {
  readonly hostsFile?: string
  readonly searchFile?: string
  /** Most names kept; beyond it the oldest go. */
  readonly names?: number
}

const STALE_MS = 30_000
/** As long as HAProxy's `hold nx`. */
const GONE_MS = 30_000
/** A name that has never resolved is not asked again within this time. */
const FAILED_MS = 1000
const NAMES = 65_536
/**
 * Names asked at once; more wait, as a burst of thousands of datagrams would be dropped by the DNS server.
 */
const IN_FLIGHT = 64
/** Names of which one family is known and used: they leave their place to others, up to this. */
const STRAGGLERS = 256

/** Resolves names of servers; never throws. */
export class Resolver {
  readonly #now: () => number
  readonly #hosts: Hosts
  readonly #search: SearchList
  readonly #names: number
  readonly #entries = new Map<string, Entry>()
  /** Names to ask when one in flight is done. */
  readonly #queued: Entry[] = []
  #inFlight = 0
  #stragglers = 0
  #options: ResolverConfig

  constructor(options: ResolverConfig, now: () => number, settings: ResolverSettings = {}) {
    this.#now = now
    this.#hosts = new Hosts(settings.hostsFile ?? '/etc/hosts', now)
    this.#search = new SearchList(settings.searchFile ?? '/etc/resolv.conf', now)
    this.#names = settings.names ?? NAMES
    this.#options = options
  }

  /** Takes new options; what is known stays known, queries in flight end with the old ones. */
  configure(options: ResolverConfig): void {
    this.#options = options
  }

  /** The addresses of a host without waiting; null when they are unknown or too old: then `lookup`. */
  addresses(host: string): readonly string[] | null {
    const known = this.#local(host)
    if (known !== null) return known
    const entry = this.#entries.get(host.toLowerCase())
    if (entry === undefined || entry.addresses.length === 0) return null
    const nowMs = this.#now()
    const lateMs = nowMs - entry.expiresMs
    if (entry.isGone(nowMs)) return null
    if (lateMs < 0) return entry.addresses
    if (lateMs >= STALE_MS && !entry.failing) return null
    this.#refresh(entry)
    return entry.addresses
  }

  /** Calls `done` with the host's addresses: at once when they are known, else when DNS has answered. */
  lookup(host: string, done: Resolved): void {
    const known = this.addresses(host)
    if (known !== null) return done(known, null)
    if (!isName(nameOf(host))) return done([], `"${host}" is not a host name`)
    // With the dot at its end: that keeps it from being searched.
    const name = host.toLowerCase()
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
    let isStraggler = false
    const names = this.#search.names(entry.name)
    askInTurn(names, this.#options, {
      early: (outcome) => {
        isStraggler = this.#stragglers < STRAGGLERS
        if (isStraggler) this.#stragglers++
        this.#settle(entry, outcome, names)
        if (isStraggler) this.#askNext()
      },
      over: (outcome) => {
        entry.asking = false
        if (isStraggler) this.#stragglers--
        this.#settle(entry, outcome, names)
        if (!isStraggler) this.#askNext()
      },
    })
  }

  /** One of those in flight has left its place. */
  #askNext(): void {
    this.#inFlight--
    const next = this.#queued.shift()
    if (next !== undefined) this.#ask(next)
  }

  #settle(entry: Entry, outcome: DnsOutcome, asked: readonly string[]): void {
    const { ttl_min, ttl_max } = this.#options
    const good = entry.take(outcome, asked, this.#now())
    const ttlMs = Math.min(Math.max(good ? entry.ttlMs : FAILED_MS, ttl_min), Math.max(ttl_max, ttl_min))
    entry.expiresMs = this.#now() + ttlMs
    const waiting = entry.waiting
    entry.waiting = []
    const why = entry.addresses.length > 0 ? null : entry.why
    for (const done of waiting) done(entry.addresses, why)
  }
}

/** What is known about a name. */
class Entry {
  readonly name: string
  addresses: readonly string[] = []
  expiresMs = 0
  ttlMs = 0
  /** The last query brought nothing, and the addresses are older. */
  failing = false
  why: string | null = null
  /** Since when DNS says that there is no such name; null: it does not. */
  #goneMs: number | null = null
  asking = false
  waiting: Resolved[] = []
  /** The name that the addresses are of. */
  #found = ''
  #v4: readonly string[] = []
  #v6: readonly string[] = []

  constructor(name: string) {
    this.name = name
  }

  /** The last good answer has held for long enough. */
  isGone(nowMs: number): boolean {
    return this.#goneMs !== null && nowMs - this.#goneMs >= GONE_MS
  }

  /** Takes answers, keeping the last good one of a family that failed; false when none brought an address. */
  take({ name, answers }: DnsOutcome, asked: readonly string[], nowMs: number): boolean {
    const found = answers.filter((answer) => answer.is === 'found')
    this.failing = found.length === 0
    if (this.failing) {
      this.why = whyNone(answers, this.name, asked)
      if (answers.every((answer) => answer.is === 'gone')) this.#goneMs ??= nowMs
      if (this.isGone(nowMs)) this.addresses = this.#v4 = this.#v6 = []
      return false
    }
    this.#goneMs = null
    if (name !== this.#found) this.#v4 = this.#v6 = []
    this.#found = name
    for (const answer of answers) {
      if (answer.is === 'failed') continue
      const list = answer.is === 'found' ? answer.records.map((record) => record.address) : []
      if (answer.family === 4) this.#v4 = list
      else this.#v6 = list
    }
    this.addresses = [...this.#v4, ...this.#v6]
    // A family that failed is asked again soon: with the least TTL allowed.
    const isWhole = answers.length === 2 && answers.every((answer) => answer.is !== 'failed')
    this.ttlMs = isWhole
      ? 1000 * Math.min(...found.flatMap(({ records }) => records.map(({ ttl }) => ttl)))
      : 0
    this.why = null
    return true
  }
}

function whyNone(answers: readonly DnsAnswer[], name: string, asked: readonly string[]): string {
  for (const answer of answers) if (answer.is === 'failed') return answer.why
  const others = asked.filter((one) => one !== nameOf(name))
  return `DNS knows no address of ${name}${others.length > 0 ? `, nor of ${others.join(', ')}` : ''}`
}

/** RFC 1035 §2.3.4 in length; letters beyond RFC 952 (an underscore, a leading digit) are in use. */
const isName = (name: string): boolean =>
  name.length <= 253 && /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/.test(name)
