// Which of a name's addresses are tried, in which order and how soon after each other: RFC 8305 ("happy
// eyeballs"), with a memory of those that did not answer.

/** RFC 8305 §5: how long an address has before the next one is tried beside it. */
const DELAY_MS = 250
/** An address that failed is tried last for this long. */
const SUSPECT_MS = 30_000
const SUSPECTS_MAX = 4096

/**
 * How long to wait for an address before the next is tried: each gets its turn within the time that there is
 * for all.
 */
export const delayMs = (withinMs: number, addresses: number): number =>
  Math.min(DELAY_MS, withinMs / (addresses + 1))

/** Addresses with their ports that lately did not answer. */
export class Suspects {
  readonly #most: number
  /** Until when; the oldest first. */
  readonly #until = new Map<string, number>()

  constructor(most = SUSPECTS_MAX) {
    this.#most = most
  }

  get size(): number {
    return this.#until.size
  }

  /** It failed, or let wait for itself. */
  add(address: string, port: number, nowMs: number): void {
    const key = keyOf(address, port)
    this.#until.delete(key)
    this.#until.set(key, nowMs + SUSPECT_MS)
    if (this.#until.size <= this.#most) return
    for (const oldest of this.#until.keys()) {
      this.#until.delete(oldest)
      break
    }
  }

  /** It has answered. */
  clear(address: string, port: number): void {
    if (this.#until.size > 0) this.#until.delete(keyOf(address, port))
  }

  /**
   * It is tried now. One whose time as a suspect is over is tried by one caller, not by all who come before
   * its answer: for the others it goes on being a suspect.
   */
  tried(address: string, port: number, nowMs: number): void {
    if (this.#until.size > 0 && this.#until.has(keyOf(address, port))) this.add(address, port, nowMs)
  }

  isSuspect(address: string, port: number, nowMs: number): boolean {
    return this.#until.size > 0 && (this.#until.get(keyOf(address, port)) ?? 0) > nowMs
  }
}

const keyOf = (address: string, port: number): string => `${address} ${port}`

/** The addresses in the order to try: from place `at` on, families by turns (RFC 8305 §4), suspects last. */
export function inOrder(
  addresses: readonly string[],
  at: number,
  isSuspect: (address: string) => boolean,
): string[] {
  const from = at % addresses.length
  const turned = byTurns([...addresses.slice(from), ...addresses.slice(0, from)])
  const sound = turned.filter((address) => !isSuspect(address))
  return sound.length === turned.length ? turned : [...sound, ...turned.filter(isSuspect)]
}

/** The family of the first one begins. */
function byTurns(addresses: readonly string[]): string[] {
  const isFirst = (address: string): boolean => address.includes(':') === addresses[0]?.includes(':')
  const first = addresses.filter(isFirst)
  const second = addresses.filter((address) => !isFirst(address))
  const turns: string[] = []
  for (let i = 0; i < Math.max(first.length, second.length); i++)
    turns.push(...first.slice(i, i + 1), ...second.slice(i, i + 1))
  return turns
}
