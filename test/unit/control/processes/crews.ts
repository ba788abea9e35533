// Crews of made-up workers, for tests.
import type { HandingOver } from '../../../../server/worker/messages.ts'
import { expect, jest } from 'bun:test'
import type { Amendment } from '../../../../server/worker/messages.ts'
import { Crew } from '../../../../server/control/processes/crew.ts'
import type { Answer } from '../../../../server/control/children/kept.ts'
import type { PlanBody, Worker } from '../../../../server/control/processes/worker.ts'
import type { Config } from '../../../../server/config/schema.ts'

/** A plan of which only the number matters. */
export const plan = (number: number): PlanBody => ({
  number,
  config: {} as Config,
  slots: {},
  records: 1,
  door: null,
  certificates: {},
  challenges: {},
})

/** A worker that does as it is told, until told otherwise. */
export class FakeWorker implements Worker {
  readonly slot: number
  readonly row: number
  readonly pid: number
  readonly startedMs = performance.now()
  readonly told: string[] = []
  readonly said = Promise.withResolvers<boolean>()
  readonly gone = Promise.withResolvers<void>()
  readonly hello = this.said.promise
  readonly exited = this.gone.promise
  aborted = 0
  /** It never hangs, unless it is told to. */
  beats = 0
  isHung = false
  readonly ports = null
  answer: Answer = { is: 'ready' }
  /** Dies when it is asked. */
  isDeadly = false

  constructor(slot: number, row: number, pid: number) {
    this.slot = slot
    this.row = row
    this.pid = pid
  }

  get beat(): number {
    return this.isHung ? this.beats : ++this.beats
  }

  ask(): Promise<unknown> {
    return Promise.resolve(null)
  }

  prepare({ number }: PlanBody): Promise<Answer> {
    this.told.push(`prepare ${number}`)
    if (!this.isDeadly) return Promise.resolve(this.answer)
    this.die()
    return Promise.resolve({ is: 'gone', why: 'the worker ended' })
  }
  commit({ number }: PlanBody): Promise<boolean> {
    this.told.push(`commit ${number}`)
    return Promise.resolve(true)
  }
  drop({ number }: PlanBody): void {
    this.told.push(`drop ${number}`)
  }
  reason(backend: string, server: string, reason: string): void {
    this.told.push(`${backend} ${server} ${reason}`)
  }
  amend({ type }: Amendment): void {
    this.told.push(`amend ${type}`)
  }

  reopenLogs(): void {
    this.told.push('reopen')
  }
  announceDrain(): void {
    this.told.push('announce drain')
  }
  handOver(told: HandingOver): void {
    this.told.push(told.type)
  }
  drain(withinMs: number): void {
    this.told.push(`drain ${withinMs}`)
  }
  kill(): void {
    this.told.push('kill')
    this.die()
  }
  die(): void {
    this.said.resolve(false)
    this.gone.resolve()
  }
}

/** A crew of such workers, and what it did. */
export interface Scene {
  readonly crew: Crew
  readonly started: FakeWorker[]
  readonly notes: string[]
  /** What new workers are like. */
  make: (worker: FakeWorker) => void
}

/** A crew with nobody at work. */
export function scene(rows = 8): Scene {
  const started: FakeWorker[] = []
  const notes: string[] = []
  const made: Scene = {
    started,
    notes,
    make: (worker) => worker.said.resolve(true),
    crew: new Crew({
      isInProcess: false,
      rows,
      start: (slot, row) => {
        const worker = new FakeWorker(slot, row, 100 + started.length)
        notes.push(`start ${slot} row ${row}`)
        started.push(worker)
        made.make(worker)
        return worker
      },
      clearRow: (row) => notes.push(`clear ${row}`),
      closeSlot: (slot) => notes.push(`close ${slot}`),
      onReplaced: (worker, previous) => notes.push(`${worker.pid} replaces ${previous}`),
      vacateSlot: (slot) => notes.push(`vacate ${slot}`),
      onNotStarted: (slot, why) => notes.push(`not started ${slot}: ${why}`),
      onUnsound: () => notes.push('unsound'),
    }),
  }
  return made
}

/** Lets everything go on that waits for nothing but its turn. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve()
}

/** A crew whose workers serve a plan. */
export async function serving(count: number, number = 1): Promise<Scene> {
  const made = scene()
  await made.crew.resize(count, 0)
  expect(await made.crew.prepare(plan(number))).toEqual([])
  await made.crew.commit(plan(number))
  made.notes.length = 0
  for (const worker of made.started) worker.told.length = 0
  return made
}

/** Lets time pass, under fake timers: by then whoever was waited for has been started. */
export async function later(): Promise<void> {
  for (let i = 0; i < 6; i++) {
    jest.advanceTimersByTime(5000)
    await settle()
  }
}
