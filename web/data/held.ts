// What was read of the gateway and is shown now: one request however many show it, asked anew when an event
// says that it has become old, and not more than once a second.
import { type ReadonlySignal, signal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { addressOf, type Answer, ask, type AnswerOf, type Asking, type ParamsOf, type Route } from './api.ts'
import { connection, onEvent, onReset } from './live.ts'
import type { Problem } from './problem.ts'
import { PAGE, pagesOf, wholeList } from './whole-list.ts'

/** `value` stays what it was while it is asked anew, and after that has failed: `problem` says so. */
export interface Held<T> {
  /** Null: nothing has come yet. */
  readonly value: T | null
  readonly etag: string | null
  readonly problem: Problem | null
  /** When `value` was read, by this browser's clock; 0: never. */
  readonly at: number
}

export type Readable = Extract<Route, `GET ${string}`>

export interface Holding<R extends Readable> {
  readonly query?: Asking<R>['query']
  /** Events of these topics make it old. */
  readonly topics?: readonly string[]
  /** Asked anew so often, too, while the page is looked at. */
  readonly everyMs?: number
  /**
   * It is a list, of which all pages are read: the first is shown as soon as it has come, and the more pages
   * there are the less often they are asked for.
   */
  readonly isWhole?: boolean
  /** Nothing is asked: what it depends on is not known yet. */
  readonly isOff?: boolean
}

const ANEW_MS = 1000
/** What nobody shows any more is kept as long: the way back is instant. */
const KEPT_MS = 60_000

type Read = (soFar: (value: unknown) => void) => Promise<Answer<unknown>>

const NOTHING: Held<unknown> = { value: null, etag: null, problem: null, at: 0 }

export class HeldEntry {
  readonly url: string
  readonly held = signal<Held<unknown>>(NOTHING)
  readonly #read: Read
  #text = ''
  #users = 0
  #timer = 0
  #askedAt = 0
  #isAsking = false
  #isOldAgain = false
  /** Counts how often all was forgotten. */
  #asOf = 0

  constructor(url: string, read: Read) {
    this.url = url
    this.#read = read
  }

  get isUsed(): boolean {
    return this.#users > 0
  }

  /** How many requests it takes. */
  get pages(): number {
    return pagesOf(this.held.peek().value)
  }

  use(): () => void {
    this.#users++
    return () => void this.#users--
  }

  /** Something has changed: asks once that is allowed. */
  makeOld(): void {
    if (this.#isAsking) this.#isOldAgain = true
    else if (this.#timer === 0) {
      const ms = Math.max(0, this.#askedAt + ANEW_MS * this.pages - Date.now())
      this.#timer = window.setTimeout(() => void this.refresh(), ms)
    }
  }

  /** What it was is told to nobody any more. */
  forget(): void {
    this.#text = ''
    this.#asOf++
    this.held.value = NOTHING
    void this.refresh()
  }

  /** Asks now; where that goes on already, once more behind it: its answer may be one of before. */
  async refresh(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = 0
    if (this.#isAsking) {
      this.#isOldAgain = true
      return
    }
    ;[this.#isAsking, this.#askedAt] = [true, Date.now()]
    const asOf = this.#asOf
    const answer = await this.#read((value) => {
      // What was whole stays so until all has come.
      if (asOf === this.#asOf && this.#text === '' && pagesOf(value) >= this.pages)
        this.held.value = { value, etag: null, problem: null, at: Date.now() }
    })
    this.#isAsking = false
    const before = this.held.peek()
    if (asOf !== this.#asOf) this.#isOldAgain = true
    else if (!answer.ok) this.held.value = { ...before, problem: answer.problem }
    else {
      // What is the same stays the same object: nothing is drawn anew.
      const text = JSON.stringify(answer.value)
      const value = text === this.#text ? before.value : answer.value
      this.#text = text
      this.held.value = { value, etag: answer.etag, problem: null, at: Date.now() }
    }
    if (this.#isOldAgain) {
      this.#isOldAgain = false
      this.makeOld()
    }
  }
}

const entries = new Map<string, HeldEntry>()

/** What is held of an address; asked at once where nothing is. */
export function useHeld<R extends Readable>(
  route: R,
  params: ParamsOf<R>,
  holding: Holding<R> = {},
): ReadonlySignal<Held<AnswerOf<R>>> {
  const { topics = [], everyMs, isOff = false, isWhole = false } = holding
  const query = isWhole ? { ...holding.query, limit: PAGE } : holding.query
  const { url } = addressOf(route, params as Readonly<Record<string, string>>, query ?? {})
  const entry = useMemo(
    () =>
      entryOf(`${url}${isWhole ? WHOLE : ''}`, (soFar) => {
        const at = (cursor: string | null): Promise<Answer<unknown>> =>
          ask(route, params, { query: { ...query, ...(cursor !== null && { cursor }) } })
        return isWhole ? wholeList(at, soFar) : at(null)
      }),
    [url, isWhole],
  )
  const key = `${entry.url} ${topics.join()} ${everyMs ?? ''} ${isOff}`
  useEffect(() => (isOff ? undefined : followed(entry, topics, everyMs)), [key])
  return entry.held as ReadonlySignal<Held<AnswerOf<R>>>
}

/** Behind the address of what is read as a whole. */
const WHOLE = '#whole'

/** Asks anew now whatever is shown of these paths: after a change made here. */
export function refreshHeld(isMeant: (url: string) => boolean = () => true): void {
  for (const [url, entry] of entries) if (entry.isUsed && isMeant(url)) void entry.refresh()
}

/** Nothing of one who has signed out is shown to another; what is shown now is asked anew. */
export function forgetHeld(): void {
  for (const [url, entry] of entries)
    if (entry.isUsed) entry.forget()
    else entries.delete(url)
}

function entryOf(url: string, read: Read): HeldEntry {
  const known = entries.get(url)
  if (known !== undefined) return known
  const entry = new HeldEntry(url, read)
  entries.set(url, entry)
  return entry
}

/** Keeps it fresh until it is shown no more. */
function followed(entry: HeldEntry, topics: readonly string[], everyMs: number | undefined): () => void {
  const { at } = entry.held.peek()
  // It may have been swept while what shows it did not follow it.
  entries.set(entry.url, entry)
  if (at === 0) void entry.refresh()
  else if (Date.now() - at > ANEW_MS) entry.makeOld()
  const old = (): void => entry.makeOld()
  const ends = [entry.use(), onReset(old)]
  if (topics.length > 0) ends.push(onEvent(topics, old))
  let wasLive = connection.peek() === 'live'
  ends.push(
    connection.subscribe((now) => {
      if (now === 'live' && !wasLive) old()
      wasLive = now === 'live'
    }),
  )
  if (everyMs !== undefined) {
    const timer = setInterval(() => {
      const isDue = Date.now() - entry.held.peek().at >= everyMs * (entry.pages - 1)
      if (isDue && document.visibilityState === 'visible') old()
    }, everyMs)
    ends.push(() => clearInterval(timer))
  }
  return () => {
    for (const end of ends) end()
    setTimeout(sweep, KEPT_MS)
  }
}

function sweep(): void {
  for (const [url, entry] of entries)
    if (!entry.isUsed && Date.now() - entry.held.peek().at > KEPT_MS) entries.delete(url)
}
