// Certificates on demand, as a worker has them: who asks for a name that none is for, and that may have one,
// is held in the midst of the handshake while the supervisor sees to it. All of it is bounded: names that are
// held, clients of each, how many are asked for in a second, and for how long.
import { guarded } from '../lib/bug.ts'
import { isAllowed, isPlainName, learnedName } from '../lib/demanded-name.ts'
import type { Certificate } from './certificate.ts'

/** Words of a certificate in the config. */
export interface Demand {
  /** Its name there. */
  readonly certificate: string
  readonly allow: readonly string[]
  /** So long a handshake is held. */
  readonly waitMs: number
}

/** What the supervisor is told: a name is to have one, or one that has it was asked for. */
export interface DemandNews {
  readonly type: 'name-wanted' | 'name-used'
  readonly certificate: string
  readonly name: string
}

type Resume = (certificate: Certificate | null) => void

interface Held {
  readonly resumes: Resume[]
  readonly timer: Timer
}

const HELD_NAMES_MAX = 256
const HELD_CLIENTS_MAX = 64
const ASKED_IN_SECOND = 20
/** What was refused is not asked again before. */
const REFUSED_MS = 60_000
const REFUSED_MAX = 10_000
const USED_EVERY_MS = 6 * 3_600_000

export class OnDemand {
  readonly #nowMs: () => number
  #tell: (news: DemandNews) => void = () => {}
  readonly #held = new Map<string, Held>()
  /** Until when, by name. */
  readonly #refused = new Map<string, number>()
  /** When it was told of each last. */
  readonly #used = new Map<string, number>()
  #second = 0
  #asked = 0

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  tellTo(tell: (news: DemandNews) => void): void {
    this.#tell = tell
  }

  /** Whether one may come for this name soon; then `resume` is called, with null where none came. */
  hold(demands: readonly Demand[], name: string, resume: Resume): boolean {
    if (!isPlainName(name)) return false
    const demand = demands.find(({ allow }) => isAllowed(name, allow))
    if (demand === undefined) return false
    const { certificate, waitMs } = demand
    const key = learnedName(certificate, name)
    const held = this.#held.get(key)
    if (held !== undefined) return held.resumes.length < HELD_CLIENTS_MAX && held.resumes.push(resume) > 0
    if (this.#held.size >= HELD_NAMES_MAX || this.#isRefused(key) || !this.#mayAsk()) return false
    const timer = setTimeout(() => this.#release(key, null), waitMs)
    this.#held.set(key, { resumes: [resume], timer })
    this.#tell({ type: 'name-wanted', certificate, name })
    return true
  }

  /** A client asked for one that is there. */
  used(certificate: string, name: string): void {
    const key = learnedName(certificate, name)
    const nowMs = this.#nowMs()
    if (nowMs - (this.#used.get(key) ?? Number.NEGATIVE_INFINITY) < USED_EVERY_MS) return
    this.#used.set(key, nowMs)
    this.#tell({ type: 'name-used', certificate, name })
  }

  /** One has come; null: none does for now. */
  settled(key: string, certificate: Certificate | null): void {
    if (certificate === null) {
      if (this.#refused.size >= REFUSED_MAX) this.#refused.clear()
      this.#refused.set(key, this.#nowMs() + REFUSED_MS)
      this.#used.delete(key)
    }
    this.#release(key, certificate)
  }

  #release(key: string, certificate: Certificate | null): void {
    const held = this.#held.get(key)
    if (held === undefined) return
    this.#held.delete(key)
    clearTimeout(held.timer)
    for (const resume of held.resumes) guarded(() => resume(certificate))
  }

  #isRefused(key: string): boolean {
    const untilMs = this.#refused.get(key)
    if (untilMs === undefined) return false
    if (untilMs > this.#nowMs()) return true
    this.#refused.delete(key)
    return false
  }

  #mayAsk(): boolean {
    const second = Math.floor(this.#nowMs() / 1000)
    if (second !== this.#second) this.#asked = 0
    this.#second = second
    return ++this.#asked <= ASKED_IN_SECOND
  }
}

/** Of this process. */
export const onDemand = new OnDemand(() => performance.now())
