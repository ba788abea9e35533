// An HTTP cache (RFC 9111) between the clients of a rule and its backend. What it decides by stands in
// cache/; here it meets an exchange:
//
//   request    looks: gives what is stored and fresh · waits for one that asks the same · or asks the server,
//              with the validators of what is stored and stale
//   response   a 304 freshens what is stored, which is given · a failure makes room for it · what may be stored
//              is kept as it passes (body) · an unsafe request takes out what it may have changed
//   end        who was to ask and never did hands over to the next that waits
import type { Answer, Rendered } from '../head/answer.ts'
import type { RequestHead } from '../head/request-head.ts'
import type { ResponseHead } from '../head/response-head.ts'
import { askedOf } from '../cache/asked.ts'
import { keyOf, type KeyOf, placeOf } from '../cache/cache-key.ts'
import { cacheStatus, type Entry } from '../cache/entry.ts'
import { keepsPassing } from '../cache/kept-body.ts'
import { changedPlaces } from '../cache/changed-places.ts'
import { isUnchanged, NO_CONDITIONS, partOf } from '../cache/preconditions.ts'
import { mayStandIn, reuse } from '../cache/reuse.ts'
import type { CacheStore } from '../cache/store.ts'
import { storedHead } from '../cache/stored-head.ts'
import { draftOf, isUsual, type Judged } from '../cache/draft.ts'
import { Visit } from '../cache/visit.ts'
import { editsNow } from '../cache/vary.ts'
import type { Exchange } from '../http/exchange.ts'
import { METHOD_GET, METHOD_HEAD, METHOD_OPTIONS } from '../tables/methods.ts'
import type { CacheConfig } from './cache.options.ts'
import type { BodyTransform, Foreseen, Middleware, StepWorld } from './middleware.ts'
import { Results, saidOf } from './cache-results.ts'
import { askAbout, FAILED_MS, FAILURES, refreshBehind } from './cache-refresh.ts'

export const cache = (options: CacheConfig, world: StepWorld): Middleware<Visit> => new Cache(options, world)

const STEP_PART = 0.8

class Cache implements Middleware<Visit> {
  readonly name = 'cache'
  readonly #options: CacheConfig
  readonly #store: CacheStore
  readonly #keyOf: KeyOf
  readonly #obeys: boolean
  readonly #results: Results

  constructor(options: CacheConfig, world: StepWorld) {
    this.#options = options
    this.#store = world.cache
    this.#keyOf = keyOf(world.rule, options.key)
    this.#obeys = options.request_directives === 'obey'
    this.#results = new Results(world)
  }

  note(): Visit {
    return new Visit()
  }

  // ── the request ──

  request(x: Exchange, visit: Visit): Answer | undefined | Promise<Answer | undefined> {
    const { request } = x
    const { methodId } = request
    if (methodId !== METHOD_GET && methodId !== METHOD_HEAD) {
      visit.isUnsafe = methodId !== METHOD_OPTIONS && request.method !== 'QUERY'
      return this.#pass(x, visit, 'fwd=method')
    }
    const asked = askedOf(request, this.#obeys)
    if (asked.bypass !== null) return this.#pass(x, visit, `fwd=bypass; detail=${asked.bypass}`)
    visit.asked = asked
    visit.key = this.#keyOf(request, x.client.scheme)
    return this.#look(x, visit, true)
  }

  /** It goes past the cache. */
  #pass(x: Exchange, visit: Visit, why: string): undefined {
    visit.why = why
    this.#results.count(x, 'bypass')
  }

  /** RFC 9111 §4: gives what is stored, if it may be given as it is. `isFirst`: it has not waited yet. */
  #look(x: Exchange, visit: Visit, isFirst: boolean): Answer | undefined | Promise<Answer | undefined> {
    const { request } = x
    const directives = visit.asked?.directives ?? null
    const nowMs = this.#store.clock()
    const entry = this.#store.find(visit.key, request)
    if (entry !== null) {
      const ageMs = entry.ageMs(nowMs)
      const how = reuse(entry.terms, ageMs, directives)
      if (how === 'fresh') return this.#give(x, visit, entry, isFirst ? 'hit' : 'collapsed')
      if (how === 'stale' || (how === 'behind' && this.#isAskedBehind(x, visit, entry)))
        return this.#give(x, visit, entry, 'stale')
      if (nowMs < entry.standsInUntilMs && mayStandIn(entry.terms, ageMs, directives))
        return this.#give(x, visit, entry, 'stale')
      visit.stale = entry
      visit.why = ageMs < entry.terms.lifetimeMs ? 'fwd=request' : 'fwd=stale'
    } else visit.why = this.#store.has(visit.key) ? 'fwd=vary-miss' : 'fwd=uri-miss'
    // RFC 9111 §5.2.1.7.
    if (directives?.has('only-if-cached') === true) return NOT_CACHED
    if (request.methodId === METHOD_HEAD || (entry === null && visit.asked?.conditions.range)) {
      visit.stale = null
      this.#results.count(x, 'miss')
      return undefined
    }
    const other = isFirst && this.#options.collapse > 0 ? this.#underWay(x, visit, nowMs) : null
    // Its exchange may be over by then.
    if (other !== null) return other.then(() => (visit.isOver ? undefined : this.#look(x, visit, false)))
    return this.#ask(x, visit, nowMs)
  }

  /**
   * Its server is asked behind it, by somebody. False: this request is to ask, and the others are not to
   * wait.
   */
  #isAskedBehind(x: Exchange, visit: Visit, entry: Entry): boolean {
    const nowMs = this.#store.clock()
    if (nowMs < entry.standsInUntilMs || this.#store.flights.leading(visit.key, nowMs) !== null) return true
    if (x.request.methodId === METHOD_HEAD) return true
    return refreshBehind(x, { visit, entry, store: this.#store, options: this.#options, step: this })
  }

  /** Waits for who asks the same already; null: nobody does. */
  #underWay({ listener }: Exchange, visit: Visit, nowMs: number): Promise<unknown> | null {
    const { flights } = this.#store
    const flight = flights.leading(visit.key, nowMs)
    if (flight === null) return null
    const { promise, resolve } = Promise.withResolvers<unknown>()
    visit.told = resolve
    visit.waitsFor = flight
    // A step that takes as long as it may would fail.
    flights.wait(flight, visit, Math.min(this.#options.collapse, listener.options.timeouts.step * STEP_PART))
    return promise
  }

  /** The server is asked; with validators of what is stored, if there is something (§4.3.1). */
  #ask({ request }: Exchange, visit: Visit, nowMs: number): undefined {
    visit.place = placeOf(request)
    visit.flight ??= this.#store.flights.begin(visit.key, visit.place)
    visit.askedMs = nowMs
    visit.seen = editsNow(request)
    const validators = visit.stale?.validators ?? null
    if (validators === null) return undefined
    visit.isAskedAbout = true
    askAbout(request, validators)
    return undefined
  }

  // ── what is stored ──

  #give(x: Exchange, visit: Visit, entry: Entry, result: 'hit' | 'stale' | 'collapsed'): Answer {
    this.#stored(visit)
    this.#results.count(x, result)
    return this.#given(x, visit, entry, result === 'collapsed' ? `${visit.why}; collapsed` : null)
  }

  /** The answer of an entry to this request, its conditions and the part that it wants. */
  #given({ request }: Exchange, visit: Visit, entry: Entry, said: string | null): Answer {
    visit.isGiven = true
    entry.wasUsed = true
    const nowMs = this.#store.clock()
    const { conditions = NO_CONDITIONS } = visit.asked ?? {}
    if (conditions === NO_CONDITIONS) return made(entry.whole(nowMs, said))
    if (isUnchanged(conditions, entry.head, entry.came)) return made(entry.unchanged(nowMs, said ?? 'hit'))
    const part = request.methodId === METHOD_GET ? partOf(conditions, entry.head, entry.body.length) : null
    return made(part === null ? entry.whole(nowMs, said) : entry.part(nowMs, part, said ?? 'hit'))
  }

  // ── the answer ──

  response(x: Exchange, head: ResponseHead, visit: Visit): Answer | undefined {
    if (visit.isGiven || visit.why === '') return undefined
    visit.isKnown = x.identity !== null
    visit.isOurs = x.server === null
    if (visit.stale !== null) {
      const answer = this.#inPlace(x, head, visit, visit.stale)
      if (answer !== null) return answer
    }
    if (visit.isUnsafe && head.status < 400) this.#changed(x.request, head)
    const judged = visit.flight === null ? null : this.#judge(x, head, visit)
    if (this.#options.status_header) head.add('Cache-Status', cacheStatus(saidOf(x, head, visit, judged)))
    if (visit.key !== '' && visit.flight !== null) this.#results.count(x, 'miss')
    return undefined
  }

  /** What is stored, in place of what its server said of it; null: that is passed on. */
  #inPlace(x: Exchange, head: ResponseHead, visit: Visit, entry: Entry): Answer | null {
    const nowMs = this.#store.clock()
    // RFC 9111 §4.3.4: it has not changed.
    if (head.status === 304 && visit.isAskedAbout) return this.#freshened(x, head, visit, entry)
    // RFC 5861 §4: its server fails.
    const isFailure = FAILURES.has(head.status)
    if (isFailure && mayStandIn(entry.terms, entry.ageMs(nowMs), visit.asked?.directives ?? null)) {
      entry.standsInUntilMs = nowMs + FAILED_MS
      this.#stored(visit)
      this.#results.count(x, 'stale')
      return this.#given(x, visit, entry, `${visit.why}; fwd-status=${head.status}`)
    }
    // What is stored is not what there is now.
    if (head.status < 300 ? head.status !== 206 : GONE.has(head.status)) this.#store.remove(entry)
    return null
  }

  #freshened(x: Exchange, head: ResponseHead, visit: Visit, entry: Entry): Answer {
    const answeredMs = this.#store.clock()
    const isVoid = visit.flight?.isVoid === true
    this.#store.freshen(entry, storedHead(head), { askedMs: visit.askedMs, answeredMs })
    const judged = draftOf(x, entry.head, visit, this.#options)
    // It may not be stored any more; whoever has asked gets it all the same.
    if (isVoid || typeof judged === 'string') {
      this.#store.remove(entry)
      this.#notStored(visit, false)
    } else this.#stored(visit)
    this.#results.count(x, 'revalidated')
    return this.#given(x, visit, entry, `${visit.why}; fwd-status=304`)
  }

  /** Whether what came is stored once all of it is here; those who wait for it hear at once if not. */
  #judge(x: Exchange, head: ResponseHead, visit: Visit): Judged {
    const judged = draftOf(x, storedHead(head), visit, this.#options)
    if (typeof judged === 'string') this.#notStored(visit, x.fault === null && isUsual(judged))
    else visit.draft = { ...judged, answeredMs: this.#store.clock() }
    return judged
  }

  body(x: Exchange, head: ResponseHead, visit: Visit): BodyTransform | null {
    const { draft } = visit
    if (draft === null) return null
    return keepsPassing({
      store: this.#store,
      visit,
      draft,
      head,
      options: this.#options,
      isWithoutBody: head.status === 204 || x.request.methodId === METHOD_HEAD,
      stored: () => this.#stored(visit),
      notStored: (usual) => this.#notStored(visit, usual),
    })
  }

  /** RFC 9111 §4.4: what an unsafe request has changed is not what is stored. */
  #changed(request: RequestHead, head: ResponseHead): void {
    for (const { host, target } of changedPlaces(request, head))
      this.#store.invalidate({ is: 'place', host, target })
  }

  /** Nobody knows here what workers have stored. */
  explain(x: Exchange): Foreseen {
    const { methodId } = x.request
    if (methodId !== METHOD_GET && methodId !== METHOD_HEAD)
      return { why: `goes past it, as ${x.request.method} does; what it changes is taken out` }
    const { bypass } = askedOf(x.request, this.#obeys)
    if (bypass !== null) return { why: `goes past it (${bypass})` }
    return { why: 'is answered from the store where that has a fresh answer', depends: true }
  }

  // ── ends ──

  #stored(visit: Visit): void {
    const { flight } = visit
    visit.flight = visit.draft = null
    if (flight !== null) this.#store.flights.stored(flight)
  }

  #notStored(visit: Visit, usual: boolean): void {
    const { flight } = visit
    visit.flight = visit.draft = null
    if (flight !== null) this.#store.flights.notStored(flight, this.#store.clock(), usual)
  }

  #letGo(visit: Visit): void {
    const { flight } = visit
    visit.flight = visit.draft = null
    if (flight !== null) this.#store.flights.givenUp(flight)
  }

  cancelled(_: Exchange, visit: Visit): void {
    visit.waitsFor?.waiters.delete(visit)
    visit.waitsFor = visit.told = null
    visit.isOver = true
  }

  end(_: Exchange, visit: Visit): void {
    visit.isOver = true
    this.#letGo(visit)
  }
}

/** What is stored is no more. */
const GONE: ReadonlySet<number> = new Set([301, 308, 404, 410])

const NOT_CACHED: Answer = { status: 504, headers: [], body: '', fault: 'not_cached' }

const made = (rendered: Rendered): Answer => ({
  status: rendered.head.status,
  headers: [],
  body: '',
  fault: null,
  made: rendered,
})
