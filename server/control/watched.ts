// One server as the prober sees it: what is known about it, and when it is checked next.
import type { HealthCheckConfig } from '../backends/backend.options.ts'
import { parseServerUrl, type ServerAddress } from '../backends/server.ts'
import { STATE_DOWN, STATE_STARTING, STATE_UP } from '../scoreboard/scoreboard.ts'
import type { Slot } from '../worker/messages.ts'
import { Judge, type Verdict } from './judge.ts'

export interface WatchedParts {
  readonly backend: string
  readonly name: string
  readonly url: string
  readonly backendSlot: number
  readonly slot: Slot
  readonly check: HealthCheckConfig | null
}

/** Why a server is not up that has had no result yet. */
export const NOT_CHECKED = 'not checked yet'

const STATES: Readonly<Record<Verdict, number>> = { up: STATE_UP, down: STATE_DOWN, starting: STATE_STARTING }

/** A server, with or without a check. */
export class Watched {
  readonly backend: string
  readonly name: string
  readonly url: string
  readonly backendSlot: number
  readonly slot: Slot
  readonly address: ServerAddress
  check: HealthCheckConfig | null
  judge: Judge
  /** Why it is not up; null: it is. */
  reason: string | null
  /** Takes the next check back, or gives up the one that runs. */
  cancel: (() => void) | null = null
  isRunning = false
  startedMs = 0

  constructor({ backend, name, url, backendSlot, slot, check }: WatchedParts) {
    this.backend = backend
    this.name = name
    this.url = url
    this.backendSlot = backendSlot
    this.slot = slot
    this.address = parseServerUrl(url)
    this.check = check
    this.judge = new Judge(check === null ? 'up' : 'starting')
    this.reason = check === null ? null : NOT_CHECKED
  }

  /** As the scoreboard has it. */
  get state(): number {
    return STATES[this.judge.verdict]
  }

  /** Whether the first result is awaited. */
  get isUnjudged(): boolean {
    return this.check !== null && !this.judge.hasJudged
  }

  /** Whether this is the same use of the same slot for the same address. */
  isSame({ url, slot }: WatchedParts): boolean {
    return this.url === url && this.slot.index === slot.index && this.slot.generation === slot.generation
  }
}
