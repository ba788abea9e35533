// Who has failed too often of late: a bounded table by client.

const KEYS_MAX = 10_000

interface Failed {
  readonly sinceMs: number
  count: number
}

export interface FailuresLimit {
  readonly max: number
  /** ms */
  readonly per: number
}

export class Failures {
  readonly #keysMax: number
  readonly #failed = new Map<string, Failed>()

  constructor(keysMax = KEYS_MAX) {
    this.#keysMax = keysMax
  }

  /** How long a client is to wait, in ms; 0: it may try. */
  waitMs(key: string, { max, per }: FailuresLimit, nowMs: number): number {
    const found = this.#failed.get(key)
    if (found === undefined || found.count < max) return 0
    return Math.max(0, found.sinceMs + per - nowMs)
  }

  add(key: string, { per }: FailuresLimit, nowMs: number): void {
    const found = this.#failed.get(key)
    if (found !== undefined && nowMs - found.sinceMs < per) {
      found.count++
      return
    }
    // Set anew, it comes last; the one that began longest ago makes room.
    this.#failed.delete(key)
    if (this.#failed.size >= this.#keysMax) {
      const { value } = this.#failed.keys().next()
      if (value !== undefined) this.#failed.delete(value)
    }
    this.#failed.set(key, { sinceMs: nowMs, count: 1 })
  }
}
