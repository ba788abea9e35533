// Workers that start late, die, hang and refuse while plans come and the crew grows and shrinks, in any
// order.
import { afterEach, beforeEach, expect, jest, test } from 'bun:test'
import { Crew } from '../../../../server/control/processes/crew.ts'
import type { Answer } from '../../../../server/control/children/kept.ts'
import type { PlanBody } from '../../../../server/control/processes/worker.ts'
import { seededRandom, seedOfRun, type Random } from '../../../support/random.ts'
import { FakeWorker, later, plan, settle } from './crews.ts'

const SEED = seedOfRun()
const ROWS = 12

beforeEach(() => void jest.useFakeTimers())
afterEach(() => void jest.useRealTimers())

/** As a process is: it answers nothing once it is gone, and late if it likes. */
class MortalWorker extends FakeWorker {
  isGone = false
  serves = 0

  override async prepare(asked: PlanBody): Promise<Answer> {
    const answer = await super.prepare(asked)
    return this.isGone ? { is: 'gone', why: 'the worker ended' } : answer
  }
  override async commit({ number }: PlanBody): Promise<boolean> {
    await Promise.resolve()
    if (this.isGone) return false
    this.serves = number
    return true
  }
  override drain(): void {
    this.die()
  }
  override die(): void {
    this.isGone = true
    super.die()
  }
}

class Chaos {
  readonly started: MortalWorker[] = []
  readonly #random: Random
  readonly crew: Crew
  isOver = false
  committed = 0
  last = 0
  #changing: Promise<void> = Promise.resolve()

  constructor(random: Random) {
    this.#random = random
    this.crew = new Crew({
      isInProcess: false,
      rows: ROWS,
      start: (slot, row) => this.#start(slot, row),
      clearRow: (row) => expect(this.living.some((worker) => worker.row === row)).toBe(false),
      closeSlot: () => {},
      vacateSlot: (slot) => expect(this.#servedSlots).not.toContain(slot),
      onReplaced: ({ pid }, previous) => expect(pid).not.toBe(previous),
      onNotStarted: () => {},
      onUnsound: () => {},
    })
  }

  get living(): MortalWorker[] {
    return this.started.filter(({ isGone }) => !isGone)
  }

  /** One that was displaced serves nobody any more. */
  get #servedSlots(): number[] {
    const serving = this.crew.workers.filter((worker) => (worker as MortalWorker).serves > 0)
    return serving.map(({ slot }) => slot)
  }

  event(): void {
    const random = this.#random
    const one = this.living.length > 0 ? random.pick(this.living) : null
    const acts: readonly (() => unknown)[] = [
      () => one?.die(),
      () => one?.said.resolve(true),
      () => one?.said.resolve(true),
      () => one && this.crew.everybody.includes(one) && this.crew.displace(one),
      () => this.change(),
      () => this.crew.resize(1 + random.below(4), 0),
      () => jest.advanceTimersByTime(random.below(3000)),
      () => jest.advanceTimersByTime(random.below(50)),
    ]
    random.pick(acts)()
  }

  /** One at a time, as they are applied. */
  change(): void {
    const after = async (before: Promise<void>, next: PlanBody): Promise<void> => {
      await before
      const against = await this.crew.prepare(next)
      if (against.length > 0) return this.crew.drop(next)
      this.committed = next.number
      await this.crew.commit(next)
    }
    this.#changing = after(this.#changing, plan(++this.last))
  }

  changed(): Promise<void> {
    return this.#changing
  }

  #start(slot: number, row: number): MortalWorker {
    expect(this.living.map((worker) => worker.row)).not.toContain(row)
    expect(this.crew.workers.map((worker) => worker.slot)).not.toContain(slot)
    const random = this.#random
    if (!this.isOver && random.below(8) === 0) throw new Error('no memory')
    const worker = new MortalWorker(slot, row, 100 + this.started.length)
    this.started.push(worker)
    if (this.isOver || random.below(2) === 0) worker.said.resolve(true)
    if (this.isOver) return worker
    if (random.below(6) === 0) worker.isDeadly = true
    if (random.below(6) === 0) worker.answer = { is: 'failed', why: 'no such file' }
    return worker
  }
}

test(`500 crews come to serve the last plan that was committed, whatever happened before (seed ${SEED})`, async () => {
  const random = seededRandom(SEED)
  for (let run = 0; run < 500; run++) {
    const chaos = new Chaos(random)
    const { crew } = chaos
    void crew.resize(1 + random.below(4), 0)
    for (let events = random.below(60); events > 0; events--) {
      chaos.event()
      if (random.below(3) === 0) await settle()
    }
    // From here on all is well.
    chaos.isOver = true
    for (const worker of chaos.living) {
      worker.isDeadly = false
      worker.answer = { is: 'ready' }
      worker.said.resolve(true)
    }
    await later()
    chaos.change()
    await later()
    await chaos.changed()
    expect(chaos.committed).toBe(chaos.last)
    expect(crew.serving).toBe(crew.wanted)
    expect(crew.workers.map((worker) => (worker as MortalWorker).serves)).toEqual(
      Array.from({ length: crew.wanted }, () => chaos.committed),
    )
    expect(new Set(crew.workers.map(({ row }) => row)).size).toBe(crew.wanted)
    await crew.drain(0)
    await settle()
    expect(chaos.living).toEqual([])
    expect(crew.hasRoomFor(ROWS)).toBe(true)
  }
})
