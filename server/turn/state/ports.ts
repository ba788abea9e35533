// Ports of relayed addresses: those of one address of this machine, for UDP or for TCP. Tried in an order
// that nobody can foresee.
import type { PortRange } from '../../lib/port-range.ts'
import { nowMs } from '../../lib/clock.ts'
import type { OpenFailure } from '../network.ts'

/** A port that another process holds is not tried again for so long. */
const REFUSED_MS = 30_000
/** Ports that are tried for one allocation: what others hold must not make a request expensive. */
const TRIES_MAX = 1024

/** Which ports are wanted: any, even ones, or even ones whose successor is free too. */
export type Parity = 'any' | 'even' | 'pair'

export class Ports {
  readonly #isTaken = new Uint8Array(65_536)
  readonly #refusedUntilMs = new Map<number, number>()
  taken = 0

  /**
   * The first port of the range, in the order that `chance` (two numbers of 32 bits) gives, that is free and
   * that `open` can open; null: none. Of a pair both ports are taken.
   */
  take<T extends object>(
    range: PortRange,
    parity: Parity,
    chance: readonly [number, number],
    open: (port: number) => T | OpenFailure,
  ): T | null {
    const step = parity === 'any' ? 1 : 2
    const first = parity === 'any' ? range.first : range.first + (range.first & 1)
    const last = parity === 'pair' ? range.last - 1 : range.last
    const count = Math.floor((last - first) / step) + 1
    if (count <= 0) return null
    // A stride without a common divisor visits each place once.
    const stride = coprime(1 + (chance[1] % count), count)
    let place = chance[0] % count
    for (let left = count, tries = 0; left > 0 && tries < TRIES_MAX; left--) {
      const port = first + place * step
      place = (place + stride) % count
      if (!this.#isFree(port) || (parity === 'pair' && !this.#isFree(port + 1))) continue
      tries++
      const opened = open(port)
      if (opened === 'failed') return null
      if (opened === 'in_use') {
        this.#refusedUntilMs.set(port, nowMs + REFUSED_MS)
        continue
      }
      this.#mark(port)
      if (parity === 'pair') this.#mark(port + 1)
      return opened
    }
    return null
  }

  /** Whether we hold this port. */
  has(port: number): boolean {
    return this.#isTaken[port] === 1
  }

  give(port: number): void {
    if (this.#isTaken[port] === 0) return
    this.#isTaken[port] = 0
    this.taken--
  }

  #mark(port: number): void {
    this.#isTaken[port] = 1
    this.taken++
  }

  #isFree(port: number): boolean {
    if (this.#isTaken[port] === 1) return false
    const untilMs = this.#refusedUntilMs.get(port)
    if (untilMs === undefined) return true
    if (untilMs > nowMs) return false
    this.#refusedUntilMs.delete(port)
    return true
  }
}

function coprime(from: number, count: number): number {
  let stride = from
  while (commonDivisor(stride, count) !== 1) stride++
  return stride
}

function commonDivisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b]
  return a
}
