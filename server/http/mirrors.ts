// The copies that a worker has under way, for each rule: so many at most, and so many of their differences
// told as events.
import { nowMs } from '../lib/clock.ts'
import type { MirrorDifference, Mirroring } from '../rules/mirroring.ts'
import type { LogEvent } from '../telemetry/log.ts'
import type { MirrorMeter, MirrorOutcome } from '../telemetry/mirror-meter.ts'

/** So many are told in that time. */
const TOLD_MAX = 10
const TOLD_MS = 10_000

/** What was told of the copies of a rule lately. */
interface Told {
  sinceMs: number
  count: number
  /** Differences that were counted alone since the last that was told. */
  leftOut: number
}

export interface MirrorReport {
  readonly id: string
  readonly method: string
  /** Without its query, which may hold secrets. */
  readonly path: string
  /** Of the server's answer, or ours in its place. */
  readonly status: number
  /** Null: it gave none. */
  readonly mirrorStatus: number | null
  readonly fault: string | null
  readonly differs: readonly MirrorDifference[]
  readonly sizes: readonly [own: number, mirror: number] | null
  readonly ms: readonly [own: number, mirror: number] | null
}

interface Ground {
  readonly meter: { readonly mirrors: MirrorMeter }
}

export class Mirrors {
  readonly #ground: Ground
  readonly #tell: LogEvent
  readonly #underWay = new Map<string, number>()
  readonly #told = new Map<string, Told>()

  constructor(ground: Ground, tell: LogEvent) {
    this.#ground = ground
    this.#tell = tell
  }

  /** A place for one more; false: as many as may be are under way. */
  enter({ rule, words }: Mirroring): boolean {
    const count = this.#underWay.get(rule) ?? 0
    if (count >= words.max_in_flight) return false
    this.#underWay.set(rule, count + 1)
    return true
  }

  leave({ rule }: Mirroring): void {
    const count = (this.#underWay.get(rule) ?? 1) - 1
    if (count === 0) this.#underWay.delete(rule)
    else this.#underWay.set(rule, count)
  }

  count({ rule, backend }: Mirroring, outcome: MirrorOutcome): void {
    this.#ground.meter.mirrors.over(rule, backend.name, outcome)
  }

  /** What was found of one whose answers are not the same. */
  report(mirroring: Mirroring, found: MirrorReport): void {
    const { rule, words } = mirroring
    for (const what of found.differs) this.#ground.meter.mirrors.differs(rule, what)
    if (words.report !== 'log') return
    const told = this.#toldOf(rule)
    if (told.count >= TOLD_MAX) return void told.leftOut++
    told.count++
    const leftOut = told.leftOut
    told.leftOut = 0
    this.#tell('warn', 'mirror_differs', {
      rule,
      backend: mirroring.backend.name,
      ...wordsOf(found, leftOut),
    })
  }

  #toldOf(rule: string): Told {
    let told = this.#told.get(rule)
    if (told === undefined) this.#told.set(rule, (told = { sinceMs: nowMs, count: 0, leftOut: 0 }))
    if (nowMs - told.sinceMs < TOLD_MS) return told
    told.sinceMs = nowMs
    told.count = 0
    return told
  }
}

const wordsOf = (found: MirrorReport, leftOut: number): Record<string, unknown> => ({
  request_id: found.id,
  method: found.method,
  path: found.path,
  differs: found.differs,
  status: found.status,
  mirror_status: found.mirrorStatus,
  ...(found.fault !== null && { mirror_fault: found.fault }),
  ...(found.sizes !== null && { bytes: found.sizes[0], mirror_bytes: found.sizes[1] }),
  ...(found.ms !== null && { ms: rounded(found.ms[0]), mirror_ms: rounded(found.ms[1]) }),
  ...(leftOut > 0 && { left_out: leftOut }),
})

const rounded = (ms: number): number => Math.round(ms * 10) / 10
