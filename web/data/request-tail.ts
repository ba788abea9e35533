// Requests as they end, while somebody looks at them: a stream of its own, since most pages need none. One
// tab of a browser has it at a time, the one that was turned to last: HTTP/1.1 gives a browser six
// connections to a host, and the gateway four followers to a user. The others ask every few seconds.
import { addressOf, ask, type Asking } from './api.ts'
import type { ServedRequest } from './api-types.ts'
import { readEvents, type StreamEvent } from './event-stream.ts'
import type { Problem } from './problem.ts'
import { findMe } from './session.ts'
import { want } from './wanted.ts'

export type RequestQuery = NonNullable<Asking<'GET /api/v1/requests'>['query']>

/** `asking`: another tab has the stream, or there is none to have; `resting`: the tab is hidden. */
export type TailState = 'connecting' | 'live' | 'asking' | 'reconnecting' | 'resting'

export interface TailNews {
  /** In any order; some may have been told before. */
  readonly requests: readonly ServedRequest[]
  /** So many more came than there was room for. */
  readonly leftOut: number
  /** What came for a while is not known. */
  readonly hasGap: boolean
  /** What was there already: with it the list is whole. */
  readonly isList: boolean
}

export interface TailReader {
  readonly news: (news: TailNews) => void
  /** `problem`: why there is no stream. */
  readonly state: (state: TailState, problem: Problem | null) => void
}

const LOCK = 'sluice-tail'
/** Those that were served before one looked. */
const LIST = 300
const ASK_MS = 3000
/** A heartbeat comes every five seconds. */
const QUIET_MS = 12_000
const AGAIN_MS = 2000
/** Without a place in the gateway it is tried again so often. */
const REFUSED_MS = 10_000

/** Follows until the function that it gives is called. */
export function followRequests(query: RequestQuery, reader: TailReader): () => void {
  const tail = new Tail(query, reader)
  void tail.run()
  return () => tail.stop()
}

class Tail {
  readonly #query: RequestQuery
  readonly #reader: TailReader
  readonly #over = new AbortController()
  /** This tab was turned to: it takes the stream. */
  #wake: () => void = () => undefined

  constructor(query: RequestQuery, reader: TailReader) {
    this.#query = query
    this.#reader = reader
    const { signal } = this.#over
    const wake = (): void => this.#wake()
    addEventListener('focus', wake, { signal })
    document.addEventListener('visibilitychange', wake, { signal })
  }

  stop(): void {
    this.#over.abort()
  }

  async run(): Promise<void> {
    const { signal } = this.#over
    while (!signal.aborted) {
      if (document.visibilityState === 'hidden') {
        this.#tell('resting')
        await this.#pause(Infinity)
      } else await this.#inTurn()
    }
  }

  /** Has the stream until another tab takes it. */
  async #inTurn(): Promise<void> {
    const lost = new AbortController()
    const stop = AbortSignal.any([this.#over.signal, lost.signal])
    const hide = (): void => void (document.visibilityState === 'hidden' && lost.abort())
    document.addEventListener('visibilitychange', hide, { signal: stop })
    // By HTTP under a name that is no loopback there are no locks: then each tab that is seen has its own.
    if (!('locks' in navigator)) return this.#read(stop)
    await navigator.locks
      .request(LOCK, { steal: true }, () => this.#read(stop))
      // Taken by another tab.
      .catch(() => this.#asks(lost))
  }

  /** Without a stream: asks for the list, until one turns to this tab or the stream is free. */
  async #asks(lost: AbortController): Promise<void> {
    lost.abort()
    const { signal } = this.#over
    while (!signal.aborted && document.visibilityState === 'visible') {
      this.#tell('asking')
      if ((await this.#pause(ASK_MS)) === 'woken') return
      const isTaken = (await navigator.locks.query()).held?.some(({ name }) => name === LOCK)
      if (isTaken !== true) return
      await this.#list()
    }
  }

  /** Reads the stream, again and again where it breaks off. */
  async #read(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      this.#tell('connecting')
      const sinceMs = performance.now()
      const end = await this.#stream(stop)
      if (stop.aborted) return
      if (end === 401) {
        const answer = await findMe()
        if (!answer.ok && answer.problem.status === 401 && !(await want('sign-in', sinceMs)))
          return this.stop()
      } else if (end === 429 || end === 503) {
        await this.#list()
        this.#tell('asking', REFUSED)
        await this.#pause(REFUSED_MS)
      } else {
        this.#tell('reconnecting')
        await this.#pause(AGAIN_MS)
      }
    }
  }

  /** Gives the status of a refusal; 0: it broke off. */
  async #stream(stop: AbortSignal): Promise<number> {
    const broke = new AbortController()
    let heardAt = Date.now()
    let isFirst = true
    const watch = setInterval(() => Date.now() - heardAt > QUIET_MS && broke.abort(), 2000)
    const { url } = addressOf('GET /api/v1/requests', {}, { ...this.#query, follow: 'true' })
    const signal = AbortSignal.any([stop, broke.signal])
    const end = await readEvents(url, { lastId: '', signal }, (event) => {
      heardAt = Date.now()
      this.#take(event)
      if (!isFirst) return
      isFirst = false
      this.#tell('live')
      // From here on all are told; the list has those of before.
      void this.#list()
    })
    clearInterval(watch)
    return 'status' in end ? end.status : 0
  }

  #take({ name, data }: StreamEvent): void {
    if (name === 'request') this.#news([JSON.parse(data) as ServedRequest])
    else if (name === 'left_out')
      this.#news([], { leftOut: (JSON.parse(data) as { left_out: number }).left_out })
    else if (name === 'gap') this.#news([], { hasGap: true })
  }

  async #list(): Promise<void> {
    const answer = await ask(
      'GET /api/v1/requests',
      {},
      { query: { ...this.#query, limit: LIST }, signal: this.#over.signal },
    )
    if (this.#over.signal.aborted) return
    if (answer.ok) this.#news(answer.value.requests, { isList: true })
    else this.#tell('asking', answer.problem)
  }

  #news(requests: readonly ServedRequest[], more: Partial<TailNews> = {}): void {
    if (!this.#over.signal.aborted)
      this.#reader.news({ requests, leftOut: 0, hasGap: false, isList: false, ...more })
  }

  #tell(state: TailState, problem: Problem | null = null): void {
    if (!this.#over.signal.aborted) this.#reader.state(state, problem)
  }

  /** Until the time is over, one turns to this tab, or it is all over. */
  #pause(ms: number): Promise<'woken' | 'late'> {
    const { promise, resolve } = Promise.withResolvers<'woken' | 'late'>()
    const timer = ms === Infinity ? undefined : setTimeout(() => resolve('late'), ms)
    const end = (): void => resolve('late')
    this.#wake = () => resolve('woken')
    this.#over.signal.addEventListener('abort', end, { once: true })
    return promise.finally(() => {
      clearTimeout(timer)
      this.#over.signal.removeEventListener('abort', end)
    })
  }
}

const REFUSED: Problem = {
  code: 'too_many',
  title: 'Too many follow requests already',
  status: 429,
  detail: 'Until one of them ends, the list is asked for again every few seconds.',
  errors: [],
}
