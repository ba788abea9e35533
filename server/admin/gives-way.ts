// The admin listener when descriptors run short. Anybody who reaches it may open connections, and is told to
// go only after seconds: so many that the supervisor could read no file, start no worker and answer no
// command. The listener closes then, and opens again once there is room. Commands ask by the Unix socket
// meanwhile.
import { descriptorLimit, openDescriptors, socketsAt } from '../lib/descriptors.ts'
import { logEvent } from '../telemetry/log.ts'

/**
 * Of the open files that all else leaves: who connects has more than the one, and it closes; no more than the
 * other, and it opens again. A gateway with thousands of listeners has most of the limit for itself.
 */
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
  readonly descriptors?: {
    readonly used: () => number
    readonly limit: () => number
    /** Of those that are used, the sockets of a port. */
    readonly at: (port: number) => number
  }
  readonly nowMs?: () => number
}

export interface GivesWayParts extends Scarcity {
  readonly door: Door
  readonly address: string
  readonly port: number
}

const OWN = { used: openDescriptors, limit: descriptorLimit, at: socketsAt }
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
    const { door, address, port, descriptors = OWN } = this.#parts
    const limit = this.#limit
    const used = descriptors.used()
    if (this.#closedMs === null && used <= limit * FULL) return // the usual case: nothing is counted
    const taken = descriptors.at(port)
    const left = limit - (used - taken)
    if (taken > left * FULL) {
      // Who is in has until the next look; connections that wait for nothing would be there for longer.
      if (this.#closedMs !== null) return door.end()
      this.#closedMs = this.#nowMs()
      door.close()
      return logEvent('error', 'admin_gives_way', { address, limit, used, hint: HINT })
    }
    if (this.#closedMs === null || taken > left * ROOM || this.#nowMs() - this.#closedMs < SHUT_MS) return
    try {
      door.open()
    } catch {
      return // another program has its port just now
    }
    this.#closedMs = null
    logEvent('info', 'admin_open_again', { address })
  }
}
