// All rules, however many: read a page after the other behind what is shown already, kept as they are while
// they are read anew, with the figures of a page brought up to date in turn.
import { type ReadonlySignal, signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { type Answer, ask, type AnswerOf } from './api.ts'
import { onEvent, onReset } from './live.ts'
import { isSame } from './merge.ts'
import type { Problem } from './problem.ts'
import type { RuleItem } from './rule-item.ts'
import { me } from './session.ts'
import { PAGE } from './whole-list.ts'

export interface RuleList {
  readonly items: readonly RuleItem[]
  readonly total: number
  /** All pages have come. */
  readonly isWhole: boolean
  readonly problem: Problem | null
  /** When figures were read last, by this browser's clock; 0: never. */
  readonly at: number
}

const NONE: RuleList = { items: [], total: 0, isWhole: false, problem: null, at: 0 }
const FIELDS = 'configured,live,place'
/** Figures of one page are asked for so often. */
const FIGURES_MS = 5000
const ANEW_MS = 1000

type Page = AnswerOf<'GET /api/v1/rules'>

class Rules {
  readonly list = signal<RuleList>(NONE)
  /** Whose it is: what one has seen is not shown to another. */
  #of: string | undefined
  #users = 0
  #isReading = false
  #isOld = false
  #timer = 0
  #turn = 0
  /** Where each page begins. */
  #cursors: (string | undefined)[] = [undefined]

  use(): () => void {
    const name = me.peek()?.name
    if (this.#of !== name) this.list.value = NONE
    this.#of = name
    this.#users++
    const old = (): void => this.makeOld()
    // One of before may be under way still.
    if (this.#isReading) this.#isOld = true
    else if (this.#users === 1) void this.#readAll()
    const ends = [onEvent(['config'], old), onReset(old)]
    const timer = setInterval(() => void this.#readFigures(), FIGURES_MS)
    return () => {
      this.#users--
      clearInterval(timer)
      for (const end of ends) end()
    }
  }

  makeOld(): void {
    if (this.#isReading) this.#isOld = true
    else if (this.#timer === 0) this.#timer = window.setTimeout(() => void this.#readAll(), ANEW_MS)
  }

  async #readAll(): Promise<void> {
    clearTimeout(this.#timer)
    ;[this.#timer, this.#isReading, this.#isOld] = [0, true, false]
    const before = this.list.peek()
    const known = new Map(before.items.map((item) => [item.id, item]))
    const read: RuleItem[] = []
    const cursors: (string | undefined)[] = [undefined]
    for (;;) {
      const answer = await pageAt(cursors.at(-1), FIELDS)
      if (!answer.ok) {
        this.list.value = { ...this.list.peek(), problem: answer.problem }
        break
      }
      const { items, total, next_cursor: next } = answer.value
      for (const item of items as readonly unknown[] as readonly RuleItem[])
        read.push(kept(known.get(item.id), item))
      // The first time what has come is shown; after that nothing goes away until all is there.
      if (next === null || !before.isWhole)
        this.list.value = { items: [...read], total, isWhole: next === null, problem: null, at: Date.now() }
      if (next === null) break
      cursors.push(next)
    }
    this.#cursors = cursors
    this.#isReading = false
    if (this.#isOld) this.makeOld()
  }

  /** Of one page after the other, so that five thousand rules are not asked for every few seconds. */
  async #readFigures(): Promise<void> {
    const { isWhole, problem } = this.list.peek()
    if (this.#isReading || document.visibilityState !== 'visible') return
    // What broke off is begun anew.
    if (!isWhole) return problem === null ? undefined : this.#readAll()
    const answer = await pageAt(this.#cursors[this.#turn % this.#cursors.length], 'live')
    this.#turn++
    const now = this.list.peek()
    if (!answer.ok) this.list.value = { ...now, problem: answer.problem }
    else if (!this.#isReading)
      this.list.value = { ...now, ...withFigures(now.items, answer.value), problem: null }
  }
}

const pageAt = (cursor: string | undefined, fields: string): Promise<Answer<Page>> =>
  ask('GET /api/v1/rules', {}, { query: { limit: PAGE, fields, ...(cursor !== undefined && { cursor }) } })

/** What is the same stays the same object: its row is not drawn anew. */
const kept = (before: RuleItem | undefined, now: RuleItem): RuleItem =>
  before !== undefined && isSame(before, now) ? before : now

function withFigures(items: readonly RuleItem[], page: Page): Pick<RuleList, 'items' | 'at'> {
  const read = new Map(page.items.map(({ id, live }) => [id, live as RuleItem['live']]))
  return {
    at: Date.now(),
    items: items.map((item) => {
      const live = read.get(item.id)
      return live === undefined || isSame(live, item.live) ? item : { ...item, live }
    }),
  }
}

const rules = new Rules()

/** All rules, for as long as they are shown. */
export function useRules(): ReadonlySignal<RuleList> {
  useEffect(() => rules.use(), [])
  return rules.list
}
