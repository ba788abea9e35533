// Servers of a backend are replaced in batches: some new ones come, are waited for until they are up, some
// old ones go, and for a while it is looked whether anything got worse. What goes wrong takes all of it back,
// or waits for somebody.
import type { Edit } from '../../config/edit/values.ts'
import { STATE_DOWN, STATE_STARTING } from '../../scoreboard/states.ts'
import type { Changed } from './changes.ts'
import type { Served } from './apply.ts'
import { type Measured, worse } from './worse.ts'

export interface NewServer {
  readonly url: string
  readonly name?: string
  readonly weight?: number
}

export interface RolloutPlan {
  readonly backend: string
  readonly added: readonly NewServer[]
  /** Names, or URLs of those that have none. */
  readonly removed: readonly string[]
  readonly batchSize: number
  /** Between two batches. */
  readonly intervalMs: number
  /** New servers are up by then. */
  readonly gateMs: number
  /** What goes wrong waits for somebody rather than be taken back. */
  readonly pausesOnFailure: boolean
}

export interface RolloutHands {
  readonly served: () => Served | null
  /** Applies edits of what is served; its problem is thrown. */
  readonly edit: (edits: readonly Edit[], message: string) => Promise<Changed>
  readonly stateOf: (backend: string, server: string) => number
  readonly measure: (seconds: number) => Promise<Measured>
  /** Brings back the text of a revision. */
  readonly back: (revision: number, message: string) => Promise<Changed | null>
  readonly tell: (what: string) => void
  readonly sleep: (ms: number) => Promise<void>
  readonly onPause: (isPaused: boolean) => void
}

export type RolloutEnd = 'done' | 'aborted' | 'failed'
type Wish = 'go' | 'pause' | 'abort' | 'roll_back'

const LOOK_EVERY_MS = 200
/** Figures of before are those of as long as a batch is looked at, within this. */
const MEASURED_S_MAX = 60

/** Ends it at the next look, as somebody wants it. */
class Stopped extends Error {
  readonly wish: 'abort' | 'roll_back'

  constructor(wish: 'abort' | 'roll_back') {
    super(wish)
    this.wish = wish
  }
}

export class Rollout {
  readonly plan: RolloutPlan
  readonly #hands: RolloutHands
  #wish: Wish = 'go'
  /** The hash of what this has applied last. */
  #own: string | null = null

  constructor(plan: RolloutPlan, hands: RolloutHands) {
    this.plan = plan
    this.#hands = hands
  }

  /** False: it is over, or that is what it does. */
  wish(wish: Wish): boolean {
    if (this.#wish === wish) return false
    this.#wish = wish
    return true
  }

  /** Runs to its end. */
  async run(): Promise<{ readonly end: RolloutEnd; readonly why: string | null }> {
    const { served, tell, measure } = this.#hands
    const from = served()
    if (from === null) return { end: 'failed', why: 'nothing is served' }
    this.#own = from.edition.hash
    try {
      const before = await measure(this.#measuredS(this.plan.intervalMs))
      const batches = this.#batches()
      for (const [index, batch] of batches.entries())
        await this.#batch(batch, { number: index + 1, of: batches.length, before })
      tell('all batches are through')
      return { end: 'done', why: null }
    } catch (error) {
      if (error instanceof Stopped && error.wish === 'abort')
        return { end: 'aborted', why: 'on somebody’s word; what was done stays' }
      const why = error instanceof Stopped ? 'on somebody’s word' : (error as Error).message
      return this.#takeBack(from.revision, why, error instanceof Stopped ? 'aborted' : 'failed')
    }
  }

  #batches(): { readonly come: readonly NewServer[]; readonly go: readonly string[] }[] {
    const { added, removed, batchSize } = this.plan
    const count = Math.ceil(added.length / batchSize)
    const goes = Math.ceil(removed.length / count)
    return Array.from({ length: count }, (_, index) => ({
      come: added.slice(index * batchSize, (index + 1) * batchSize),
      go: removed.slice(index * goes, (index + 1) * goes),
    }))
  }

  async #batch(
    { come, go }: { readonly come: readonly NewServer[]; readonly go: readonly string[] },
    { number, of, before }: { readonly number: number; readonly of: number; readonly before: Measured },
  ): Promise<void> {
    const { tell } = this.#hands
    const { backend } = this.plan
    const message = `rollout of ${backend}, batch ${number} of ${of}`
    await this.#safely(async () => {
      await this.#apply(this.#insertions(come), `${message}: ${come.length} new`)
      tell(`batch ${number} of ${of}: ${come.map(nameOf).join(', ')} added`)
    })
    await this.#safely(() => this.#gate(come))
    await this.#safely(async () => {
      if (go.length === 0) return
      await this.#apply(this.#removals(go), `${message}: ${go.length} old`)
      tell(`batch ${number} of ${of}: ${go.join(', ')} removed`)
    })
    await this.#safely(() => this.#settle(before, number === of))
  }

  /** What goes wrong is tried again once somebody says so, where that is wanted. */
  async #safely(step: () => Promise<void>): Promise<void> {
    for (;;) {
      await this.#checkpoint()
      try {
        return await step()
      } catch (error) {
        if (error instanceof Stopped || !this.plan.pausesOnFailure) throw error
        this.#hands.tell(`paused: ${(error as Error).message}`)
        this.#wish = 'pause'
      }
    }
  }

  /** Waits while it is paused; throws when it is to end. */
  async #checkpoint(): Promise<void> {
    const { onPause, sleep, tell } = this.#hands
    if (this.#wish === 'pause') {
      onPause(true)
      while (this.#wish === 'pause') await sleep(LOOK_EVERY_MS)
      onPause(false)
      if (this.#wish === 'go') tell('resumed')
    }
    if (this.#wish === 'abort' || this.#wish === 'roll_back') throw new Stopped(this.#wish)
  }

  async #apply(edits: readonly Edit[], message: string): Promise<void> {
    if (this.#hands.served()?.edition.hash !== this.#own)
      throw new Error('another change was made meanwhile: look at what is served')
    const changed = await this.#hands.edit(edits, message)
    if (changed.is === 'applied') this.#own = changed.hash
    else throw new Error(`the change was refused: ${whyOf(changed)}`)
  }

  #servers(): readonly { readonly url: string; readonly name?: string | undefined }[] {
    return this.#hands.served()?.edition.config.backends[this.plan.backend]?.servers ?? []
  }

  #insertions(come: readonly NewServer[]): Edit[] {
    const { length } = this.#servers()
    const path = ['backends', this.plan.backend, 'servers'] as const
    return come.map((server, index) => ({
      ...{ do: 'insert', path: [...path, length + index] },
      to: { ...server },
    }))
  }

  /** From the last to the first: a place stays what it is until it is gone. */
  #removals(go: readonly string[]): Edit[] {
    const places = this.#servers().flatMap((server, index) => (go.includes(nameOf(server)) ? [index] : []))
    const path = ['backends', this.plan.backend, 'servers'] as const
    return places.toReversed().map((place) => ({ do: 'remove', path: [...path, place] }))
  }

  async #gate(come: readonly NewServer[]): Promise<void> {
    const { stateOf, sleep } = this.#hands
    const { backend, gateMs } = this.plan
    for (let waitedMs = 0; ; waitedMs += LOOK_EVERY_MS) {
      const missing = come.filter((server) => {
        const state = stateOf(backend, nameOf(server))
        return state === STATE_DOWN || state === STATE_STARTING
      })
      if (missing.length === 0) return
      if (waitedMs >= gateMs)
        throw new Error(`not up after ${gateMs / 1000} s: ${missing.map(nameOf).join(', ')}`)
      await sleep(LOOK_EVERY_MS)
      if (this.#wish !== 'go') await this.#checkpoint()
    }
  }

  /** Behind a batch: looks for the interval; behind the last one shortly. */
  async #settle(before: Measured, isLast: boolean): Promise<void> {
    const { sleep, measure } = this.#hands
    const { intervalMs } = this.plan
    const most = isLast ? Math.min(intervalMs, 2 * LOOK_EVERY_MS) : intervalMs
    for (let passedMs = 0; passedMs < most; passedMs += LOOK_EVERY_MS) {
      await sleep(Math.min(LOOK_EVERY_MS, most - passedMs))
      if (this.#wish !== 'go') await this.#checkpoint()
      const why = passedMs < 1000 ? null : worse(before, await measure(this.#measuredS(passedMs)))
      if (why !== null) throw new Error(why)
    }
  }

  #measuredS(ms: number): number {
    return Math.min(MEASURED_S_MAX, Math.max(1, Math.ceil(ms / 1000)))
  }

  async #takeBack(
    revision: number,
    why: string,
    end: 'aborted' | 'failed',
  ): Promise<{ readonly end: RolloutEnd; readonly why: string }> {
    const { served, back, tell } = this.#hands
    if (served()?.edition.hash !== this.#own)
      return { end: 'failed', why: `${why}; another change was made meanwhile, and nothing was taken back` }
    if (served()?.revision === revision) return { end, why: `${why}; nothing was done` }
    const changed = await back(revision, `rollout of ${this.plan.backend} taken back: ${why}`)
    if (changed?.is !== 'applied')
      return { end: 'failed', why: `${why}; it could not be taken back: ${whyOf(changed)}` }
    tell(`taken back: revision ${revision} is served again`)
    return { end, why: `${why}; taken back` }
  }
}

export const nameOf = ({ name, url }: { readonly name?: string | undefined; readonly url: string }): string =>
  name ?? url

const whyOf = (changed: Changed | null): string =>
  changed?.is === 'rejected'
    ? changed.problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ')
    : 'the gateway starts or stops'
