// How fast bodies go, through a transform (throttled.ts), and tunnels, by who is read from (http/hold.ts). A
// rate that many share lies in memory that all workers share.
import type { ResponseHead } from '../head/response-head.ts'
import type { Exchange } from '../http/exchange.ts'
import { formatSize } from '../lib/sizes.ts'
import type { Limit } from '../scoreboard/buckets.ts'
import type { BandwidthLimitConfig } from './bandwidth-limit.options.ts'
import { Decisions } from './decisions.ts'
import type { Middleware, StepWorld } from './middleware.ts'
import { BothPaces, OwnPace, type Pace, paceLimit, SharedPace } from './pace.ts'
import { keyText, missingKey, rateKey } from './rate-key.ts'
import { Throttled } from './throttled.ts'

/** What one exchange is paced by, and how long it has waited in all. */
interface Note {
  answers: Pace | null
  uploads: Pace | null
  waitedMs: number
}

const newNote = (): Note => ({ answers: null, uploads: null, waitedMs: 0 })

export function bandwidthLimit(options: BandwidthLimitConfig, world: StepWorld): Middleware<Note> {
  const { after, mode } = options
  const paces = new Paces(options, world)
  const decided = new Decisions('bandwidth_bodies_total', world)
  const isShadow = mode === 'shadow'
  const told = [
    ...(options.answers === undefined ? [] : [`answers at ${formatSize(options.answers)} a second`]),
    ...(options.uploads === undefined ? [] : [`uploads at ${formatSize(options.uploads)} a second`]),
  ].join(', ')
  const throttled = (pace: Pace | null, note: Note, length: () => number): Throttled | null => {
    const over = (ms: number): void => void (note.waitedMs += ms)
    return pace && new Throttled({ pace, after, isShadow, now: world.now, length, over })
  }
  return {
    name: 'bandwidth_limit',
    note: newNote,
    explain: () => ({ why: `${told}, by ${options.key.join(', ')}`, depends: false }),
    request(x, note) {
      const found = paces.of(x)
      if (found === null) return undefined
      note.answers = found.answers
      note.uploads = found.uploads
      if (isShadow) return undefined
      const before = x.paces
      x.paces = {
        uploads: both(before?.uploads ?? null, found.uploads),
        answers: both(before?.answers ?? null, found.answers),
        after: Math.max(after, before?.after ?? 0),
        waited(ms) {
          note.waitedMs += ms
          before?.waited(ms)
        },
      }
      return undefined
    },
    ...(options.answers !== undefined && {
      body: (_: Exchange, head: ResponseHead, note: Note) =>
        throttled(note.answers, note, () => lengthOf(head)),
    }),
    ...(options.uploads !== undefined && {
      requestBody: (_: Exchange, note: Note) => throttled(note.uploads, note, () => -1),
    }),
    end(x, { waitedMs }) {
      if (waitedMs > 0 && isShadow) world.refuse(x, SLOWER)
      decided.count(waitedMs === 0 ? 'allowed' : isShadow ? 'shadow' : 'delayed')
      if (waitedMs > 0 && !isShadow)
        world.counter('bandwidth_wait_seconds_total', [world.rule]).add(waitedMs / 1000)
    },
  }
}

/** What shadow counts: nobody gets it. */
const SLOWER = { status: 200, headers: [], body: '', fault: null }

const both = (one: Pace | null, other: Pace | null): Pace | null =>
  one !== null && other !== null ? new BothPaces(one, other) : (one ?? other)

function lengthOf(head: ResponseHead): number {
  const length = head.get('content-length')
  return length === null ? -1 : Number(length)
}

const BURST_LEAST = 16 * 1024
const BURST_S = 0.25

/** Where the paces of exchanges come from. */
class Paces {
  readonly #options: BandwidthLimitConfig
  readonly #world: StepWorld
  /** Of rates that are shared: by direction, of those with the key and of those without. */
  readonly #limits: Readonly<Record<'answers' | 'uploads', readonly [Limit, Limit] | null>>
  readonly #keyOf: ReturnType<typeof rateKey>
  readonly #otherKeyOf: ReturnType<typeof missingKey>

  constructor(options: BandwidthLimitConfig, world: StepWorld) {
    this.#options = options
    this.#world = world
    this.#limits = { answers: this.#limitsOf('answers'), uploads: this.#limitsOf('uploads') }
    this.#keyOf = rateKey(options)
    this.#otherKeyOf = missingKey(options)
  }

  /** Null: it may go as fast as it can. */
  of(x: Exchange): { readonly answers: Pace | null; readonly uploads: Pace | null } | null {
    const { answers, uploads, key } = this.#options
    if (key[0] === 'request') return { answers: this.#own(answers), uploads: this.#own(uploads) }
    const own = this.#keyOf(x)
    const name = own ?? this.#otherKeyOf?.(x) ?? null
    if (name === null) return null
    return {
      answers: this.#shared('answers', name, own === null),
      uploads: this.#shared('uploads', name, own === null),
    }
  }

  #own(bytesPerS: number | undefined): Pace | null {
    return bytesPerS === undefined ? null : new OwnPace(bytesPerS, this.#burst(bytesPerS))
  }

  #shared(direction: 'answers' | 'uploads', key: string, lacksKey: boolean): Pace | null {
    const limit = this.#limits[direction]?.[lacksKey ? 1 : 0]
    if (limit === undefined) return null
    const { board, limitReached } = this.#world
    const evicted = (): void => limitReached('limits.rate_limits', board.buckets.bytes)
    return new SharedPace(board.buckets, limit, key, evicted)
  }

  #burst(bytesPerS: number): number {
    return this.#options.burst ?? Math.max(BURST_LEAST, bytesPerS * BURST_S)
  }

  #limitsOf(direction: 'answers' | 'uploads'): readonly [Limit, Limit] | null {
    const { [direction]: bytesPerS, key, missing } = this.#options
    if (bytesPerS === undefined || key[0] === 'request') return null
    const { rule, earlier, board } = this.#world
    const name = [rule, direction, keyText(this.#options), earlier.length].join('\0')
    const burst = this.#burst(bytesPerS)
    return [
      paceLimit(board.buckets, name, bytesPerS, burst),
      paceLimit(board.buckets, `${name}\0${missing}`, bytesPerS, burst),
    ]
  }
}
