// The admin listener when descriptors run short. Anybody who reaches it may open connections, and is told to
// go only after seconds: so many that the supervisor could read no file, start no worker and answer no
// command. The listener closes then, and opens again once there is room. Commands ask by the Unix socket
// meanwhile.
import { descriptorLimit, openDescriptors } from '../lib/descriptors.ts'
import { logEvent } from '../telemetry/log.ts'

/** Of the limit of open files: above the one it closes, below the other it opens again. */
const FULL = 3 / 4
const ROOM = 1 / 2
/** Who fills it again and again has it open for a look out of this time. */
const SHUT_MS = 10_000

export interface Door {
  /** Takes nobody new; who is in is answered. */
  close(): void
  /** Ends all that came by it. */
  end(): void
  /** Opens it where it was; throws when it cannot. */
  open(): void
}

export interface Scarcity {
  /** Default: those of this process. */
  readonly descriptors?: { readonly used: () => number; readonly limit: () => number }
  readonly nowMs?: () => number
}

export interface GivesWayParts extends Scarcity {
  readonly door: Door
  readonly address: string
}

const OWN = { used: openDescriptors, limit: descriptorLimit }
const HINT =
  'find out who connects there: few have a reason to; bind it to 127.0.0.1 (admin.bind) or let a firewall say who may; raise the limit of open files (ulimit -n, LimitNOFILE)'

export class GivesWay {
  readonly #parts: GivesWayParts
  readonly #limit: number
  readonly #nowMs: () => number
  #closedMs: number | null = null

  constructor(parts: GivesWayParts) {
    this.#parts = parts
    // Read while there is a descriptor to read it by.
    this.#limit = (parts.descriptors ?? OWN).limit()
    this.#nowMs = parts.nowMs ?? performance.now.bind(performance)
  }

  /** Called every few seconds. */
  look(): void {
    const { door, address, descriptors = OWN } = this.#parts
    const limit = this.#limit
    const used = descriptors.used()
    if (used > limit * FULL) {
      // Who is in has until the next look; connections that wait for nothing would be there for longer.
      if (this.#closedMs !== null) return door.end()
      this.#closedMs = this.#nowMs()
      door.close()
      return logEvent('error', 'admin_gives_way', { address, limit, used, hint: HINT })
    }
    if (this.#closedMs === null || used > limit * ROOM || this.#nowMs() - this.#closedMs < SHUT_MS) return
    try {
      door.open()
    } catch {
      return // another program has its port just now
    }
    this.#closedMs = null
    logEvent('info', 'admin_open_again', { address })
  }
}
