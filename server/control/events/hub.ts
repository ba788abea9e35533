// What happens to the gateway, for those who watch: hears what is logged, in this process and in its
// children, keeps the last thousand events, and hands each to whoever watches its topic.
import { EVENTS, type Topic } from '../../tables/events.ts'
import type { LogEvent } from '../../telemetry/log.ts'
import { frameOf, type KeptEvent, keptEvent } from './frames.ts'
import type { Watcher } from './watcher.ts'

const KEPT_MAX = 1000
/** Of their texts: a thousand of the longest would be more. */
const KEPT_CHARS_MAX = 4 * 1024 * 1024
/** More at a time are refused: each costs a write a second. */
export const WATCHERS_MAX = 1000
const BEAT_EVERY_MS = 5000
/** Of ids within a millisecond. */
const IDS_PER_MS = 1000

export interface HubParts {
  readonly nowMs: () => number
  /** Calls it again and again until what is returned is called. */
  readonly every: (ms: number, act: () => void) => () => void
}

export interface Found {
  readonly events: readonly KeptEvent[]
  /** What came after the one that was named is gone, or it is none of this run: all must be asked anew. */
  readonly isReset: boolean
}

/** Whoever watches may not read the text of a config, nor try which secret in it gives its hash. */
function withoutHashes(
  event: string,
  { hash: _, ...fields }: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  if (event !== 'rejected') return fields
  // Who made the change is told what stands in the file, to write over it.
  const text = JSON.stringify(fields).replaceAll(/\bhash(?: is)? [0-9a-f]{64}\b/g, 'hash (not told here)')
  return JSON.parse(text) as Readonly<Record<string, unknown>>
}

export class EventHub {
  readonly #parts: HubParts
  readonly #kept: KeptEvent[] = []
  readonly #watchers = new Set<Watcher>()
  /** Called when somebody begins to watch figures. */
  onFiguresWanted: () => void = () => {}
  #stopBeats: (() => void) | null = null
  #lastId: number
  /** Of the newest one that is no longer kept. */
  #goneId: number
  #chars = 0

  constructor(parts: HubParts = { nowMs: Date.now, every: beats }) {
    this.#parts = parts
    // Ids rise over restarts, too: that of a former run is never taken for one of this.
    this.#lastId = parts.nowMs() * IDS_PER_MS
    this.#goneId = this.#lastId
  }

  /** Of the newest event; what comes is above it. */
  get lastId(): number {
    return this.#lastId
  }

  get watchers(): number {
    return this.#watchers.size
  }

  /** Whether anybody watches figures. */
  get wantsFigures(): boolean {
    return this.#watchers.values().some(({ topics }) => topics.has('figures'))
  }

  /** For tapEvents: an event was logged. */
  readonly hear: LogEvent = (level, event, fields = {}) => {
    const row = Object.hasOwn(EVENTS, event) ? EVENTS[event] : undefined
    if (row === undefined) return
    const { topic, unless } = row
    const told = withoutHashes(event, fields)
    const name = unless !== undefined && fields[unless[0]] === true ? unless[1] : row.name
    const id = ++this.#lastId
    const kept = keptEvent({ id, timeMs: this.#parts.nowMs(), level, topic, name, event, fields: told })
    this.#keep(kept)
    for (const watcher of this.#watchers) {
      if (watcher.topics.has(topic)) watcher.offer(kept.frame)
      // It was too slow.
      if (watcher.isOver) this.remove(watcher)
    }
  }

  /** One second's figures, a JSON object, to all who watch them. */
  figures(text: string): void {
    const frame = frameOf('figures', text)
    for (const watcher of this.#watchers) if (watcher.topics.has('figures')) watcher.offerFigures(frame)
  }

  /** The last events of these topics, the oldest first. */
  latest(topics: ReadonlySet<Topic>, count: number): readonly KeptEvent[] {
    return count === 0 ? [] : this.#of(topics).slice(-count)
  }

  /** What came after this id; 0: all that is kept. */
  after(id: number, topics: ReadonlySet<Topic>): Found {
    const events = this.#of(topics).filter((one) => one.id > id)
    return { events, isReset: id !== 0 && (id > this.#lastId || id < this.#goneId) }
  }

  /** False: there are too many. */
  add(watcher: Watcher): boolean {
    if (this.#watchers.size >= WATCHERS_MAX) return false
    this.#watchers.add(watcher)
    this.#stopBeats ??= this.#parts.every(BEAT_EVERY_MS, () => this.#beat())
    if (watcher.topics.has('figures')) this.onFiguresWanted()
    return true
  }

  remove(watcher: Watcher): void {
    watcher.leave()
    this.#watchers.delete(watcher)
    this.#rest()
  }

  /** The gateway stops. */
  close(): void {
    for (const watcher of this.#watchers) watcher.end()
    this.#watchers.clear()
    this.#rest()
  }

  #keep(event: KeptEvent): void {
    this.#kept.push(event)
    this.#chars += event.text.length
    while (this.#kept.length > KEPT_MAX || this.#chars > KEPT_CHARS_MAX) {
      const oldest = this.#kept.shift()
      if (oldest === undefined) return
      this.#chars -= oldest.text.length
      this.#goneId = oldest.id
    }
  }

  #of(topics: ReadonlySet<Topic>): KeptEvent[] {
    return this.#kept.filter(({ topic }) => topics.has(topic))
  }

  #beat(): void {
    for (const watcher of this.#watchers) {
      watcher.beat()
      if (watcher.isOver) this.#watchers.delete(watcher)
    }
    this.#rest()
  }

  #rest(): void {
    if (this.#watchers.size > 0) return
    this.#stopBeats?.()
    this.#stopBeats = null
  }
}

function beats(ms: number, act: () => void): () => void {
  const timer = setInterval(act, ms)
  return () => clearInterval(timer)
}
