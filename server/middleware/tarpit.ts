// Holds back answers, so that who guesses or scans gets few of them. How many are held is counted by leases
// in memory that all workers share (scoreboard/leases.ts); one timer each, which ends with its client.
import { faultAnswer } from '../head/answer.ts'
import type { Exchange } from '../http/exchange.ts'
import { formatDuration } from '../lib/durations.ts'
import { statusTable } from '../lib/status-ranges.ts'
import { type Leases, REFUSED, UNCOUNTED } from '../scoreboard/leases.ts'
import { Decisions } from './decisions.ts'
import type { Middleware, StepWorld } from './middleware.ts'
import type { TarpitConfig } from './tarpit.options.ts'

/** Of one that is held: its lease and its timer. */
interface Note {
  at: number
  timer: Timer | null
}

const newNote = (): Note => ({ at: REFUSED, timer: null })

/** Lets refusals wait, or all requests. */
export function tarpit(options: TarpitConfig, world: StepWorld): Middleware<Note> {
  const pit = new Pit(options, world)
  const how = `${formatDuration(options.delay)}, at most ${options.max} at once`
  const shared: Middleware<Note> = {
    name: 'tarpit',
    waitsMs: options.delay,
    note: newNote,
    cancelled: (_, note) => pit.letGo(note),
    end: (_, note) => pit.letGo(note),
  }
  if (options.when === 'always') {
    const full = faultAnswer('tarpit_full')
    return {
      ...shared,
      explain: () => ({ why: `holds it for ${how}`, depends: false }),
      request(x, note) {
        const held = pit.hold(x, note)
        if (held !== FULL) return held ?? undefined
        x.detail = `rules.${world.rule}.tarpit.max: ${options.max}`
        return full
      },
    }
  }
  const isMeant = statusTable(options.statuses)
  return {
    ...shared,
    explain: () => ({ why: `holds refusals for ${how}`, depends: false }),
    response(x, head, note) {
      if (x.attempts > 0 || isMeant[head.status] !== 1) return undefined
      const held = pit.hold(x, note)
      return held === FULL ? undefined : (held ?? undefined)
    },
  }
}

const FULL = 'full'

class Pit {
  readonly #leases: Leases
  readonly #names: ReturnType<Leases['names']>
  readonly #decided: Decisions
  readonly #options: TarpitConfig
  readonly #world: StepWorld

  constructor(options: TarpitConfig, world: StepWorld) {
    this.#leases = world.board.leases
    this.#names = this.#leases.names(`${world.rule}\0tarpit\0${world.earlier.length}`)
    this.#decided = new Decisions('tarpit_requests_total', world)
    this.#options = options
    this.#world = world
  }

  /** A wait; null: in shadow nobody waits. */
  hold(x: Exchange, note: Note): Promise<undefined> | null | typeof FULL {
    const { delay, max, mode } = this.#options
    if (mode === 'shadow') {
      this.#world.refuse(x, HELD)
      this.#decided.count('shadow')
      return null
    }
    const at = this.#leases.take(this.#names, '', max, this.#world.now())
    // Of whom nobody knows how many there are, none is held.
    if (at === UNCOUNTED) this.#world.limitReached('limits.concurrency', this.#leases.bytes)
    if (at === REFUSED || at === UNCOUNTED) {
      this.#decided.count('full')
      return FULL
    }
    this.#decided.count('held')
    note.at = at
    const { promise, resolve } = Promise.withResolvers<undefined>()
    note.timer = setTimeout(() => {
      note.timer = null
      this.letGo(note)
      resolve(undefined)
    }, delay)
    return promise
  }

  letGo(note: Note): void {
    if (note.timer !== null) clearTimeout(note.timer)
    if (note.at >= 0) this.#leases.giveBack(note.at)
    note.timer = null
    note.at = REFUSED
  }
}

/** What shadow counts: nobody gets it. */
const HELD = faultAnswer('tarpit_full')
