// A stale answer that is given while its server is asked anew (RFC 5861 §3): by a request of ours, for
// nobody.
import type { Server } from '../backends/server.ts'
import { copyHead } from '../head/copy-head.ts'
import type { RequestHead } from '../head/request-head.ts'
import { giveHead, type ResponseHead } from '../head/response-head.ts'
import { placeOf } from '../cache/cache-key.ts'
import { Collect } from '../cache/collect.ts'
import { draftOf, isUsual } from '../cache/draft.ts'
import type { Entry } from '../cache/entry.ts'
import type { CacheStore } from '../cache/store.ts'
import { storedHead } from '../cache/stored-head.ts'
import { editsNow } from '../cache/vary.ts'
import type { Draft, Visit } from '../cache/visit.ts'
import type { Flight } from '../cache/flights.ts'
import type { Exchange } from '../http/exchange.ts'
import type { SubrequestEvents } from '../http/subrequest-words.ts'
import { type Going, rewriteRequest, turnBack } from '../rules/rewriting.ts'
import type { CacheConfig } from './cache.options.ts'
import type { Middleware } from './middleware.ts'

/** After a failure its server is left alone for so long, where something stands in. */
export const FAILED_MS = 1000
/** RFC 5861 §4. */
export const FAILURES: ReadonlySet<number> = new Set([500, 502, 503, 504])
/** Nobody waits for it, but it is not to stay for ever. */
const ASKING_MS = 60_000

/** Asks whether what is stored has changed, in place of what the client asks for itself. */
export function askAbout(request: RequestHead, validators: Entry['validators']): void {
  for (const name of ['If-None-Match', 'If-Modified-Since', 'Range', 'If-Range']) request.remove(name)
  if (validators === null) return
  const { tag, changed } = validators
  if (tag !== null) request.set('If-None-Match', tag)
  if (changed !== null) request.set('If-Modified-Since', changed)
}

interface RefreshParts {
  readonly visit: Visit
  readonly entry: Entry
  readonly store: CacheStore
  readonly options: CacheConfig
  /** Whose request part comes last: what others behind it would make of a request is not known. */
  readonly step: object
}

/** False: it cannot be asked so. */
export function refreshBehind(x: Exchange, parts: RefreshParts): boolean {
  const { visit, entry, store, options, step } = parts
  const { rule } = x
  if (rule === null || rule.to.is !== 'backend' || !isLastOf(rule, step)) return false
  const request = copyHead(x.request, false)
  const seen = editsNow(request)
  askAbout(request, entry.validators)
  const going = { ...toldOf(x, rule), request, rewritten: null }
  if (rule.rewrite !== null && !rewriteRequest(going, rule.rewrite)) return false
  const flight = store.flights.begin(visit.key, placeOf(x.request))
  const { backend, timing } = rule.to
  const words = { purpose: 'cache', backend, request, timing, priority: rule.priority } as const
  const refresh = new Refresh(parts, going, {
    asked: visit.asked,
    isKnown: x.identity !== null,
    isOurs: false,
    flight,
    seen,
  })
  const bounds = { totalMs: ASKING_MS, answerBytes: options.max_size }
  if (x.subrequests.ask({ ...words, ...bounds }, refresh) === null) refresh.failed()
  return true
}

/** What is told of an exchange that is over by then; its own request goes with it. */
const toldOf = (
  { id, listener, client, identity, startedMs }: Exchange,
  rule: NonNullable<Exchange['rule']>,
): Omit<Going, 'request' | 'rewritten'> => ({
  ...{ id, listener, client, identity, startedMs, rule },
  ...{ server: null, attempts: 0, status: 0 },
})

/** A rule's own limit of what is under way (concurrency.ts) changes nothing of a request. */
const isLastOf = ({ steps, requestSteps }: NonNullable<Exchange['rule']>, step: object): boolean =>
  requestSteps.every((place) => {
    const one = steps[place] as Middleware<unknown>
    return (
      one === step || one.name === 'max_connections' || steps.indexOf(step as Middleware<unknown>) > place
    )
  })

type AskedBehind = Pick<Visit, 'asked' | 'isKnown' | 'isOurs' | 'seen'> & { readonly flight: Flight }

class Refresh implements SubrequestEvents {
  readonly #parts: RefreshParts
  readonly #going: Going
  readonly #asked: AskedBehind
  readonly #askedMs: number
  #draft: Draft | null = null
  #collect: Collect | null = null

  constructor(parts: RefreshParts, going: Going, asked: AskedBehind) {
    this.#parts = parts
    this.#going = going
    this.#asked = asked
    this.#askedMs = parts.store.clock()
  }

  head(head: ResponseHead, server: Server | null): void {
    turnBack({ ...this.#going, server }, head)
    this.#judge(head)
    giveHead(head)
  }

  #judge(head: ResponseHead): void {
    const { store, entry, options } = this.#parts
    const { flight } = this.#asked
    const answeredMs = store.clock()
    if (FAILURES.has(head.status)) return this.#leaveAlone()
    if (head.status === 304 && entry.validators !== null)
      store.freshen(entry, storedHead(head), { askedMs: this.#askedMs, answeredMs })
    const stored = head.status === 304 ? entry.head : storedHead(head)
    const judged = draftOf({ request: this.#going.request }, stored, this.#asked, options)
    if (typeof judged === 'string') {
      store.remove(entry)
      store.flights.notStored(flight, answeredMs, isUsual(judged))
    } else if (head.status === 304) store.flights.stored(flight)
    else {
      const length = head.get('content-length')
      this.#draft = { ...judged, answeredMs }
      this.#collect = new Collect(store, length === null ? -1 : Number(length), options.max_size)
    }
  }

  body(bytes: Buffer, from: number, to: number): void {
    this.#collect?.push(bytes, from, to)
  }

  whole(isCut: boolean): void {
    const draft = this.#draft
    if (draft === null) return
    const { store, options } = this.#parts
    const { flight } = this.#asked
    const body = this.#collect?.take() ?? null
    this.#draft = this.#collect = null
    const came = { askedMs: this.#askedMs, answeredMs: draft.answeredMs }
    const isKept = body !== null && !isCut && !flight.isVoid
    if (isKept && store.put(flight.key, flight.place, { ...draft, body, came, rules: options }))
      return store.flights.stored(flight)
    store.remove(this.#parts.entry)
    store.flights.notStored(flight, store.clock(), false)
  }

  failed(): void {
    const isBehindHead = this.#draft !== null
    this.#collect?.giveUp()
    this.#draft = this.#collect = null
    if (isBehindHead || this.#parts.entry.slot !== null) this.#leaveAlone()
    else this.#parts.store.flights.notStored(this.#asked.flight, this.#parts.store.clock(), false)
  }

  #leaveAlone(): void {
    const { store, entry } = this.#parts
    entry.standsInUntilMs = store.clock() + FAILED_MS
    store.flights.notStored(this.#asked.flight, store.clock(), false)
  }
}
